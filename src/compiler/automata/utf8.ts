/** UTF-8 decoding one byte at a time, with as little memory of an unfinished rune as its class needs. */
import { commonClass, REPLACEMENT, type RuneClasses, runeClass } from './runes.js';

/** The bytes of a rune that is not complete: how many, how many are missing, and what the next may be. */
export interface Pending {
  readonly count: number;
  readonly missing: number;
  readonly low: number;
  readonly high: number;
  /** The bits read, or, when all runes they can become share a class, that class. */
  readonly rest: { readonly bits: number } | { readonly class: number };
}

export type Decoded =
  | { readonly kind: 'pending'; readonly pending: Pending }
  | { readonly kind: 'rune'; readonly class: number };

/** The first byte of a rune. One that begins none is U+FFFD by itself. */
export function decodeFirst(runes: RuneClasses, byte: number): Decoded {
  if (byte < 0x80) return { kind: 'rune', class: runeClass(runes, byte) };
  if (byte < 0xc2 || byte > 0xf4) return { kind: 'rune', class: runeClass(runes, REPLACEMENT) };
  if (byte < 0xe0) return pending(runes, 1, 1, 0x80, 0xbf, byte & 0x1f);
  // RFC 3629, section 4: no overlong forms, no surrogates, nothing past U+10FFFF.
  if (byte < 0xf0) return pending(runes, 1, 2, byte === 0xe0 ? 0xa0 : 0x80, byte === 0xed ? 0x9f : 0xbf, byte & 0x0f);
  return pending(runes, 1, 3, byte === 0xf0 ? 0x90 : 0x80, byte === 0xf4 ? 0x8f : 0xbf, byte & 0x07);
}

/** A byte between `low` and `high` of an unfinished rune. */
export function decodeNext(runes: RuneClasses, { count, missing, rest }: Pending, byte: number): Decoded {
  if ('class' in rest) {
    if (missing === 1) return { kind: 'rune', class: rest.class };
    return { kind: 'pending', pending: { count: count + 1, missing: missing - 1, low: 0x80, high: 0xbf, rest } };
  }
  const bits = (rest.bits << 6) | (byte & 0x3f);
  if (missing === 1) return { kind: 'rune', class: runeClass(runes, bits) };
  return pending(runes, count + 1, missing - 1, 0x80, 0xbf, bits);
}

export function pendingKey({ count, missing, low, high, rest }: Pending): string {
  return `${count}.${missing}.${low}.${high}.${'class' in rest ? `c${rest.class}` : rest.bits}`;
}

function pending(runes: RuneClasses, count: number, missing: number, low: number, high: number, bits: number): Decoded {
  const shift = 6 * (missing - 1);
  const first = ((bits << 6) | (low & 0x3f)) << shift;
  const last = (((bits << 6) | (high & 0x3f)) << shift) | ((1 << shift) - 1);
  const common = commonClass(runes, first, last);
  const rest = common === undefined ? { bits } : { class: common };
  return { kind: 'pending', pending: { count, missing, low, high, rest } };
}
