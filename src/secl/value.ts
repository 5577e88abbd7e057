import type { Bytes } from './bytes.js';
import type { FieldType } from './field.js';
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

/** A time as an age: so many nanoseconds before the time of evaluation. */
export interface Ago {
  readonly known: 'age';
  readonly nanoseconds: bigint;
}

/** One element of an array. */
export type Element = Scalar | TruncatedString | Unknown | Ago;

/** What an event says about a field. An address that is not there is the empty array. */
export type Value = Element | readonly Element[] | TruncatedArray;

/** The values of a field one by one; incomplete: there may be others. */
export interface Reading {
  readonly elements: readonly Element[];
  readonly complete: boolean;
}

export function readingOf(value: Value): Reading {
  if (isArray(value)) return { elements: value, complete: true };
  if (typeof value !== 'object' || !('known' in value) || value.known !== 'elements') {
    return { elements: [value], complete: true };
  }
  if (value.partial === undefined) return { elements: value.elements, complete: false };
  return { elements: [...value.elements, { known: 'prefix', prefix: value.partial }], complete: false };
}

/**
 * One fact of something that is known in several ways at once, as a script is as itself and as its interpreter: all its values, so that a
 * test holds when one of them passes it.
 */
export function anyOf(values: readonly Value[]): Value {
  const [first = unknown, ...rest] = [...new Set(values)];
  if (rest.length === 0) return first;
  const readings = [first, ...rest].map(readingOf);
  const elements = readings.flatMap((reading) => reading.elements);
  return readings.every(({ complete }) => complete) ? elements : { known: 'elements', elements };
}

/** What a fact is when nothing is said about it. */
export function zeroValue(type: FieldType, shape: 'scalar' | 'array'): Value {
  if (shape === 'array') return [];
  switch (type) {
    case 'string':
      return '';
    case 'int':
      return 0n;
    case 'bool':
      return false;
    case 'ip':
      return [];
  }
}

/** Array.isArray does not narrow readonly arrays. */
export function isArray(value: Value): value is readonly Element[] {
  return Array.isArray(value);
}

export function isIp(element: Element): element is IpNetwork {
  return typeof element === 'object' && 'family' in element;
}
