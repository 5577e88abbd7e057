import { expect, test } from 'vitest';
import { bytesText, durationText, parseSince, printable } from '../../src/cli/words.js';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [80 * 1024 * 1024, '80.0 MiB'],
  [5 * 1024 ** 4, '5120.0 GiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  [0, '0 s'],
  [59.9, '59 s'],
  [61, '1 min 1 s'],
  [3_600, '1 h'],
  [90_061, '1 d 1 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

test('what a terminal acts on is written out, text is not', () => {
  expect(printable('a\u001b[2J\r\u009b\u202eé\\')).toBe('a\\x1b[2J\\x0d\\x9b\\u202eé\\');
});

test.each([
  ['90s', 1_000_000 - 90_000],
  ['15m', 1_000_000 - 900_000],
  ['2h', 0],
  ['1970-01-01T00:00:05Z', 5_000],
])('since %s', (text, time) => {
  expect(parseSince(text, 1_000_000)).toBe(time);
});

test.each(['', '5', 'm', '1w', '-1m', 'now', '2026-13-01', '1e3s'])('"%s" is no time', (text) => {
  expect(() => parseSince(text)).toThrow(RangeError);
});
