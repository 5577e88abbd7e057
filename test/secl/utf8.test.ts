import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBytes, toBytes } from '../../src/secl/bytes.js';
import { decodeUtf8, withoutIncompleteTail } from '../../src/secl/utf8.js';

describe('decodeUtf8', () => {
  test.each([
    ['abc', 'abc'],
    ['\xc3\xa9', 'é'],
    ['\xf0\x9f\x98\x80', '😀'],
    // One U+FFFD a byte, where the WHATWG decoder gives one a maximal subpart.
    ['\xf0\x9f\x98', '\ufffd\ufffd\ufffd'],
    ['\xe2\x82a', '\ufffd\ufffda'],
    // Overlong, surrogate, beyond the last code point.
    ['\xc0\xaf', '\ufffd\ufffd'],
    ['\xed\xa0\x80', '\ufffd\ufffd\ufffd'],
    ['\xf4\x90\x80\x80', '\ufffd\ufffd\ufffd\ufffd'],
    ['\xff\x80', '\ufffd\ufffd'],
  ])('%j', (bytes, text) => {
    expect(decodeUtf8(bytes)).toBe(text);
  });

  test('valid text comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodeUtf8(toBytes(text))).toBe(text);
      }),
    );
  });

  test('bytes that are not UTF-8 go into JSON as base64', () => {
    expect(fromBytes('\xc3\xa9')).toBe('é');
    expect(fromBytes('a\xff')).toEqual({ $base64: 'Yf8=' });
    expect(fromBytes('\xef\xbb\xbfa')).toBe('\ufeffa');
  });
});

describe('withoutIncompleteTail', () => {
  test.each([
    ['a\xc3', 'a'],
    ['a\xf0\x9f\x98', 'a'],
    ['a\xe0', 'a'],
    ['a\xe0\x80', 'a\xe0\x80'],
    ['a\xed\xa0', 'a\xed\xa0'],
    ['a\xc3\xa9', 'a\xc3\xa9'],
    ['a\xff', 'a\xff'],
    ['\x80\x80', '\x80\x80'],
  ])('%j', (bytes, expected) => {
    expect(withoutIncompleteTail(bytes)).toBe(expected);
  });

  test('cuts exactly what more bytes could turn into a rune', () => {
    const bytes = fc.array(fc.constantFrom(0x41, 0x80, 0x9f, 0xa0, 0xbf, 0xc3, 0xe0, 0xe2, 0xed, 0xf0, 0xf4, 0xff), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(bytes, (list) => {
        const prefix = String.fromCharCode(...list);
        const kept = withoutIncompleteTail(prefix);
        const continuations = [
          '',
          '\x80',
          '\xbf',
          '\x90',
          '\x80\x80',
          '\xbf\xbf',
          '\x90\x80',
          '\x80\x80\x80',
          '\x90\x80\x80',
          '\xa0\x80',
        ];
        for (const more of continuations) expect(decodeUtf8(prefix + more).startsWith(decodeUtf8(kept))).toBe(true);
        if (kept !== prefix) {
          const joins = continuations.some((more) => !decodeUtf8(prefix + more).startsWith(decodeUtf8(prefix)));
          expect(joins).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
