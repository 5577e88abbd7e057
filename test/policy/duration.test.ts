import { expect, test } from 'vitest';
import { parseDuration } from '../../src/policy/duration.js';

test.each([
  ['0', 0n],
  ['0s', 0n],
  ['250ms', 250_000_000n],
  ['10m', 600_000_000_000n],
  ['1h30m', 5_400_000_000_000n],
  ['1.5h', 5_400_000_000_000n],
  ['0.25us', 250n],
  ['2µs', 2_000n],
])('%s', (text, nanoseconds) => {
  expect(parseDuration(text)).toBe(nanoseconds);
});

test.each(['', '10', 'm', '10 m', '1d', '-1s', '1h30', '1.h', '9223372037s', `${'9'.repeat(70)}ns`])(
  'refuses %j',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);
