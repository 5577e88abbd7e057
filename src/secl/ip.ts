/** A network; an address is one with the full prefix. `bits`: the address as a number. */
export interface IpNetwork {
  readonly family: 4 | 6;
  readonly bits: bigint;
  readonly prefix: number;
}
