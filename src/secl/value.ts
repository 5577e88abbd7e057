import type { Bytes } from './bytes.js';
import type { IpNetwork } from './ip.js';

export type Scalar = Bytes | bigint | boolean | IpNetwork;

/** The fact could not be read. */
export interface Unknown {
  readonly known: 'nothing';
}
export const unknown: Unknown = { known: 'nothing' };

/** A string of which only the beginning is known; there may or may not be more. */
export interface TruncatedString {
  readonly known: 'prefix';
  readonly prefix: Bytes;
}

/** An array of which only the first elements are known, and perhaps the beginning of the next one. */
export interface TruncatedArray {
  readonly known: 'elements';
  readonly elements: readonly Element[];
  readonly partial?: Bytes;
}

/** One element of an array. */
export type Element = Scalar | TruncatedString | Unknown;

/** What an event says about a field. */
export type Value = Element | readonly Element[] | TruncatedArray;
