import { describe, expect, it } from 'vitest';
import { figure, median, quantile, ratio, slope } from '../../bench/lib/statistics.mjs';

describe('statistics', () => {
  it('gives medians and quartiles of values in any order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(quantile([1, 2], 0.25)).toBe(1.25);
    expect(figure([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 2, high: 4, runs: 5 });
  });

  it('compares pairs, not medians', () => {
    // Twice as much in each pair, while the machine slows down by ten in between.
    expect(ratio([2, 20, 2, 20, 2], [1, 10, 1, 10, 1])).toEqual({ ratio: 2, low: 2, high: 2, pairs: 5 });
    expect(() => ratio([1], [])).toThrow(RangeError);
  });

  it('has an interval that shrinks with the number of pairs', () => {
    const wide = ratio([1, 2, 3, 4, 5], [1, 1, 1, 1, 1]);
    expect([wide.low, wide.high]).toEqual([1, 5]);
    const many = Array.from({ length: 100 }, (_, index) => 1 + (index % 5));
    const narrow = ratio(
      many,
      many.map(() => 1),
    );
    expect([narrow.low, narrow.high]).toEqual([3, 4]);
  });

  it('finds a slope in noise, and none where there is none', () => {
    const noise = (index: number) => ((index * 7919) % 13) - 6;
    const rising = slope(Array.from({ length: 120 }, (_, x) => ({ x, y: 3 * x + noise(x) })));
    expect(rising.low).toBeGreaterThan(2.9);
    expect(rising.high).toBeLessThan(3.1);
    const flat = slope(Array.from({ length: 120 }, (_, x) => ({ x, y: noise(x) })));
    expect(flat.low).toBeLessThan(0);
    expect(flat.high).toBeGreaterThan(0);
  });
});
