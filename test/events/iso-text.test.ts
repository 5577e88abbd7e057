import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isoText } from '../../src/events/iso-text.js';

test('a time is written as a Date writes it', () => {
  const milliseconds = fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true });
  const now = fc.double({ min: 1_700_000_000_000, max: 1_700_000_400_000, noNaN: true });
  fc.assert(
    fc.property(fc.oneof(milliseconds, now), (at) => {
      expect(isoText(at)).toBe(new Date(at).toISOString());
    }),
    { numRuns: 2_000 },
  );
  for (const at of [0, -1, -0.5, 999, 1_000, -1_000, 1_699_999_999_999.9])
    expect(isoText(at)).toBe(new Date(at).toISOString());
});

test('what is no date has no text', () => {
  expect(() => isoText(Number.NaN)).toThrow(RangeError);
  expect(() => isoText(8.64e15 + 1_000)).toThrow(RangeError);
});
