/** UTF-8 decoding one byte at a time, with as little memory of an unfinished rune as its outcome needs. */
import { REPLACEMENT } from './runes.js';

/** What becomes of a rune: a number, and the number that all runes of a range share, if they do. */
export interface Outcome {
  of(rune: number): number;
  common(low: number, high: number): number | undefined;
}

/** The bytes of a rune that is not complete: how many, how many are missing, and what the next may be. */
export interface Pending {
  readonly count: number;
  readonly missing: number;
  readonly low: number;
  readonly high: number;
  /** The bits read, or, when all runes they can become have one outcome, that outcome. */
  readonly rest: { readonly bits: number } | { readonly outcome: number };
}

export type Decoded =
  | { readonly kind: 'pending'; readonly pending: Pending }
  | { readonly kind: 'rune'; readonly outcome: number };

/** The first byte of a rune. One that begins none is U+FFFD by itself. */
export function decodeFirst(outcome: Outcome, byte: number): Decoded {
  if (byte < 0x80) return { kind: 'rune', outcome: outcome.of(byte) };
  if (byte < 0xc2 || byte > 0xf4) return { kind: 'rune', outcome: outcome.of(REPLACEMENT) };
  if (byte < 0xe0) return wait(outcome, 1, 1, 0x80, 0xbf, byte & 0x1f);
  // RFC 3629, section 4: no overlong forms, no surrogates, nothing past U+10FFFF.
  if (byte < 0xf0) return wait(outcome, 1, 2, byte === 0xe0 ? 0xa0 : 0x80, byte === 0xed ? 0x9f : 0xbf, byte & 0x0f);
  return wait(outcome, 1, 3, byte === 0xf0 ? 0x90 : 0x80, byte === 0xf4 ? 0x8f : 0xbf, byte & 0x07);
}

/** A byte between `low` and `high` of an unfinished rune. */
export function decodeNext(outcome: Outcome, { count, missing, rest }: Pending, byte: number): Decoded {
  if ('outcome' in rest) {
    if (missing === 1) return { kind: 'rune', outcome: rest.outcome };
    return { kind: 'pending', pending: { count: count + 1, missing: missing - 1, low: 0x80, high: 0xbf, rest } };
  }
  const bits = (rest.bits << 6) | (byte & 0x3f);
  if (missing === 1) return { kind: 'rune', outcome: outcome.of(bits) };
  return wait(outcome, count + 1, missing - 1, 0x80, 0xbf, bits);
}

export function pendingKey({ count, missing, low, high, rest }: Pending): string {
  return `${count}.${missing}.${low}.${high}.${'outcome' in rest ? `o${rest.outcome}` : rest.bits}`;
}

function wait(outcome: Outcome, count: number, missing: number, low: number, high: number, bits: number): Decoded {
  const shift = 6 * (missing - 1);
  const first = ((bits << 6) | (low & 0x3f)) << shift;
  const last = (((bits << 6) | (high & 0x3f)) << shift) | ((1 << shift) - 1);
  const common = outcome.common(first, last);
  const rest = common === undefined ? { bits } : { outcome: common };
  return { kind: 'pending', pending: { count, missing, low, high, rest } };
}
