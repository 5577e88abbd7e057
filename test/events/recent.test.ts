import { expect, test } from 'vitest';
import { Recent } from '../../src/events/recent.js';

test('the least recently used is forgotten; reading and writing are uses', () => {
  const recent = new Recent<string, number>(2);
  recent.set('a', 1);
  recent.set('b', 2);
  expect(recent.get('a')).toBe(1);
  recent.set('c', 3);
  expect(recent.get('b')).toBeUndefined();
  recent.set('a', 4);
  recent.set('d', 5);
  expect([recent.get('a'), recent.get('c'), recent.size]).toEqual([4, undefined, 2]);
});

test('what its entries cost together is limited, and it says how many it forgot', () => {
  const recent = new Recent<string, number>(10, (cost) => cost);
  expect([recent.set('a', 4), recent.set('b', 4), recent.set('a', 5), recent.set('c', 9)]).toEqual([0, 0, 0, 2]);
  expect([recent.size, recent.cost, recent.get('c')]).toEqual([1, 9, 9]);
  expect(recent.set('d', 11)).toBe(2);
  expect([recent.size, recent.cost]).toEqual([0, 0]);
});
