/** Addresses and networks as the reference compares them. */

/** A network; an address is one with the full prefix. `bits`: the address as a number, host bits zero. */
export interface IpNetwork {
  readonly family: 4 | 6;
  readonly bits: bigint;
  readonly prefix: number;
}

/** Reads `192.0.2.1`, `2001:db8::1`, `192.0.2.0/24`; undefined when it is neither. IPv4 in IPv6 becomes IPv4. */
export function parseIp(text: string): IpNetwork | undefined {
  const [address, mask, ...rest] = text.split('/');
  if (rest.length > 0) return undefined;
  const four = parseIpv4(address!);
  const six = four === undefined ? parseIpv6(address!) : undefined;
  const width = four === undefined ? 128 : 32;
  const bits = four ?? six;
  if (bits === undefined) return undefined;
  if (mask !== undefined && !/^(0|[1-9][0-9]{0,2})$/.test(mask)) return undefined;
  const prefix = mask === undefined ? width : Number(mask);
  if (prefix > width) return undefined;
  return normalise({ family: width === 32 ? 4 : 6, bits: cut(bits, prefix, width), prefix });
}

/** Whether one contains the address of the other. IPv4 and IPv6 never overlap, not even with `::/0`. */
export function overlaps(a: IpNetwork, b: IpNetwork): boolean {
  if (a.family !== b.family) return false;
  const width = a.family === 4 ? 32 : 128;
  const prefix = Math.min(a.prefix, b.prefix);
  return cut(a.bits, prefix, width) === cut(b.bits, prefix, width);
}

/** The network as it is written, without the mask for a single address. */
export function printIp({ family, bits, prefix }: IpNetwork): string {
  const width = family === 4 ? 32 : 128;
  const groups = family === 4 ? 4 : 8;
  const size = BigInt(width / groups);
  const parts: string[] = [];
  for (let index = groups - 1; index >= 0; index--) {
    const group = (bits >> (BigInt(index) * size)) & ((1n << size) - 1n);
    parts.push(group.toString(family === 4 ? 10 : 16));
  }
  const address = family === 4 ? parts.join('.') : compress(parts);
  return prefix === width ? address : `${address}/${prefix}`;
}

/** The longest run of zero groups becomes `::` (RFC 5952). */
function compress(groups: readonly string[]): string {
  const zeros = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].map((match) => match[0]);
  const longest = zeros.sort((a, b) => b.length - a.length)[0];
  const text = groups.join(':');
  if (longest === undefined) return text;
  return text
    .replace(longest, ':')
    .replace(/^:(?!:)|(?<!:):$/g, '::')
    .replace(/:::/, '::');
}

const mappedHigh = 0xffffn << 32n;

function normalise(network: IpNetwork): IpNetwork {
  if (network.family === 4 || network.bits >> 32n !== 0xffffn || network.prefix < 96) return network;
  return { family: 4, bits: network.bits ^ mappedHigh, prefix: network.prefix - 96 };
}

function cut(bits: bigint, prefix: number, width: number): bigint {
  const host = BigInt(width - prefix);
  return (bits >> host) << host;
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  // A leading zero would be read as octal by some and as decimal by others: refused, as in Go.
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0]!, halves.length === 1 ? 'last' : 'inner');
  const tail = halves[1] === undefined ? [] : groupsOf(halves[1], 'last');
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...new Array<bigint>(missing).fill(0n), ...tail].reduce((bits, group) => (bits << 16n) | group, 0n);
}

/** The 16-bit groups of one side of `::`; an IPv4 address may stand at the very end. */
function groupsOf(text: string, place: 'inner' | 'last'): bigint[] | undefined {
  if (text === '') return [];
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(BigInt(`0x${part}`));
      continue;
    }
    const four = place === 'last' && at === parts.length - 1 ? parseIpv4(part) : undefined;
    if (four === undefined) return undefined;
    groups.push(four >> 16n, four & 0xffffn);
  }
  return groups;
}
