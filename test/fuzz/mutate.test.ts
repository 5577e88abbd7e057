import { expect, test } from 'vitest';
import { Random } from '../property/random.js';
import { mutate } from './mutate.js';

test('a seed repeats its changes, and most change something', () => {
  const texts = ['exec.uid == 0 && exec.comm =~ "a*"', 'true || false'];
  const changed = (seed: number) => mutate(new Random(seed), texts[0]!, texts);
  const seeds = Array.from({ length: 200 }, (_, seed) => seed);
  for (const seed of seeds) expect(changed(seed)).toBe(changed(seed));
  expect(seeds.filter((seed) => changed(seed) !== texts[0]).length).toBeGreaterThan(180);
});
