import { expect, test } from 'vitest';
import { PairTally } from '../../src/telemetry/pair-tally.js';

test('counts pairs, whatever is in their names', () => {
  const tally = new PairTally();
  for (const [one, other] of [
    ['a', 'b'],
    ['a', 'c'],
    ['a', 'b'],
    ['ab', ''],
    ['', 'ab'],
    ['a', 'b'],
  ] as const)
    tally.add(one, other);
  expect([...tally.entries()]).toEqual([
    ['a', 'b', 3],
    ['a', 'c', 1],
    ['ab', '', 1],
    ['', 'ab', 1],
  ]);
});
