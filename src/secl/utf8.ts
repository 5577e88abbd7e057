import type { Bytes } from './bytes.js';

const replacement = 0xfffd;

/**
 * Decodes bytes as Go's range over a string does: every byte that is not part of a valid sequence is one U+FFFD. (The
 * WHATWG decoder of Node replaces a maximal invalid subpart by one, which would let a pattern like `^..$` disagree.)
 */
export function decodeUtf8(bytes: Bytes): string {
  if (!/[\x80-\xff]/.test(bytes)) return bytes;
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    text += String.fromCodePoint(length === 0 ? replacement : codePoint(bytes, at, length));
    at += length || 1;
  }
  return text;
}

/** Cuts a beginning of a valid sequence that the end of the bytes interrupts: with more bytes it may become a rune. */
export function withoutIncompleteTail(bytes: Bytes): Bytes {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const start = bytes.length - back;
    const [length, low, high] = lead(bytes.charCodeAt(start));
    if (length <= back) continue;
    const second = back > 1 ? bytes.charCodeAt(start + 1) : low;
    if (second < low || second > high) continue;
    if (back > 2 && !isContinuation(bytes.charCodeAt(start + 2))) continue;
    return bytes.slice(0, start);
  }
  return bytes;
}

/** The length of the valid sequence at an offset, or 0. */
function sequenceLength(bytes: Bytes, at: number): number {
  const [length, low, high] = lead(bytes.charCodeAt(at));
  if (length < 2) return length;
  if (at + length > bytes.length) return 0;
  const second = bytes.charCodeAt(at + 1);
  if (second < low || second > high) return 0;
  for (let index = at + 2; index < at + length; index++) {
    if (!isContinuation(bytes.charCodeAt(index))) return 0;
  }
  return length;
}

/** What a first byte announces: length of the sequence (0: none) and the range of the second byte. RFC 3629 section 4. */
function lead(byte: number): readonly [length: number, low: number, high: number] {
  if (byte < 0x80) return [1, 0, 0];
  if (byte < 0xc2) return [0, 0, 0];
  if (byte < 0xe0) return [2, 0x80, 0xbf];
  if (byte === 0xe0) return [3, 0xa0, 0xbf];
  if (byte === 0xed) return [3, 0x80, 0x9f];
  if (byte < 0xf0) return [3, 0x80, 0xbf];
  if (byte === 0xf0) return [4, 0x90, 0xbf];
  if (byte < 0xf4) return [4, 0x80, 0xbf];
  if (byte === 0xf4) return [4, 0x80, 0x8f];
  return [0, 0, 0];
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function codePoint(bytes: Bytes, at: number, length: number): number {
  let value = bytes.charCodeAt(at) & (length === 1 ? 0x7f : 0xff >> (length + 1));
  for (let index = at + 1; index < at + length; index++) value = (value << 6) | (bytes.charCodeAt(index) & 0x3f);
  return value;
}
