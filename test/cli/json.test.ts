import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../src/cli/json.js';

test('long integers keep their value, wherever they stand', () => {
  expect(parseJson('{"a": 1700000000000000001, "b": [-9223372036854775808, 5]}')).toEqual({
    a: 1700000000000000001n,
    b: [-9223372036854775808n, 5],
  });
});

test('digits in strings and in fractions are left alone', () => {
  const text =
    '{"1234567890123456789": "1234567890123456789 \\" 1234567890123456789", "x": 1.1234567890123456789, "y": 12345678901234567e2}';
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

test('all other JSON is what JSON.parse makes of it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      // An integer of 16 digits and more is the one thing that differs, and the random values hardly ever have one.
      fc.pre(!/\d{16}(?![\d.eE])/.test(text.replace(/[.eE][\d+-]*/g, '.')));
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test.each(['', '{', '{"a": 01700000000000000001}', 'nonsense'])('refuses %j', (text) => {
  expect(() => parseJson(text)).toThrow(SyntaxError);
});
