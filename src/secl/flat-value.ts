/** JSON values of a flat event to values of fields. */
import { type Bytes, toBytes } from './bytes.js';
import type { Field } from './field.js';
import { parseIp } from './ip.js';
import { type Element, unknown, type Value } from './value.js';

/** Thrown when a value of a flat event does not fit its field. */
export class EventError extends Error {
  override readonly name = 'EventError';
  readonly code = 'event-value';
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`${field} ${problem}`);
    this.field = field;
  }
}

/** The value of a field: plain JSON, or one of the forms `{"$unknown": true}`, `{"$truncated": ...}`, `{"$base64": ...}`. */
export function decodeValue(field: Field, value: unknown): Value {
  const truncated = truncatedOf(value);
  if (truncated?.nothing) return unknown;
  if (!field.array) {
    if (field.type === 'ip' && value === '') return [];
    if (truncated === undefined) return decodeElement(field, value);
    if (field.type !== 'string') throw new EventError(field.name, 'cannot be truncated: only strings and arrays can');
    return { known: 'prefix', prefix: decodeString(field, truncated.known) };
  }
  const list = truncated?.known ?? value;
  const elements = (Array.isArray(list) ? list : [list]).map((item: unknown): Element => {
    const inner = truncatedOf(item);
    if (inner?.nothing) return unknown;
    if (inner === undefined) return decodeElement(field, item);
    return { known: 'prefix', prefix: decodeString(field, inner.known) };
  });
  if (truncated === undefined) return elements;
  const { partial } = truncated;
  if (partial === undefined) return { known: 'elements', elements };
  return { known: 'elements', elements, partial: decodeString(field, partial) };
}

/** What is known of a value that is not, or only in part; undefined for an ordinary value. */
export function truncatedOf(value: unknown): { nothing: boolean; known?: unknown; partial?: unknown } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('$unknown' in value) return { nothing: true };
  if (!('$truncated' in value)) return undefined;
  const partial = 'partial' in value ? { partial: value.partial } : {};
  return { nothing: false, known: value.$truncated, ...partial };
}

function decodeElement(field: Field, value: unknown): Element {
  switch (field.type) {
    case 'string':
      return decodeString(field, value);
    case 'int':
      return decodeInteger(field, value);
    case 'bool':
      if (typeof value !== 'boolean') throw new EventError(field.name, 'must be true or false');
      return value;
    case 'ip': {
      const network = typeof value === 'string' ? parseIp(value) : undefined;
      if (network === undefined) throw new EventError(field.name, 'must be an IP address or network in a string');
      return network;
    }
  }
}

function decodeString(field: Field, value: unknown): Bytes {
  if (typeof value === 'string') return toBytes(value);
  if (typeof value === 'object' && value !== null && '$base64' in value && typeof value.$base64 === 'string') {
    return Buffer.from(value.$base64, 'base64').toString('latin1');
  }
  throw new EventError(field.name, 'must be a string, or {"$base64": "..."} for bytes that are not UTF-8');
}

function decodeInteger(field: Field, value: unknown): Element {
  if (typeof value === 'object' && value !== null && '$now_minus_ns' in value) {
    return { known: 'age', nanoseconds: integer(field, value.$now_minus_ns) };
  }
  return integer(field, value);
}

/** A JSON number, or digits in a string where 53 bits are not enough. */
function integer(field: Field, value: unknown): bigint {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value);
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^-?[0-9]{1,20}$/.test(value)) return BigInt.asIntN(64, BigInt(value));
  throw new EventError(field.name, 'must be a whole number');
}
