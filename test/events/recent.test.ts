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
