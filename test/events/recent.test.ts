import fc from 'fast-check';
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

test('any order of uses: the same as a list that is searched', () => {
  const step = fc.record({
    do: fc.constantFrom('get', 'peek', 'set', 'set', 'delete'),
    key: fc.integer({ min: 0, max: 9 }),
    cost: fc.integer({ min: 0, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const recent = new Recent<number, number>(12, (cost) => cost);
      let list: [key: number, cost: number][] = [];
      for (const { do: what, key, cost } of steps) {
        const found = list.find(([own]) => own === key);
        const others = list.filter((entry) => entry !== found);
        if (what === 'peek') expect(recent.peek(key)).toBe(found?.[1]);
        if (what === 'get') {
          expect(recent.get(key)).toBe(found?.[1]);
          if (found !== undefined) list = [...others, found];
        }
        if (what === 'delete') {
          recent.delete(key);
          list = others;
        }
        if (what === 'set') {
          list = [...others, [key, cost]];
          const before = list.length;
          while (sumOf(list) > 12) list.shift();
          expect(recent.set(key, cost)).toBe(before - list.length);
        }
        expect([recent.keys(), recent.size, recent.cost]).toEqual([list.map(([own]) => own), list.length, sumOf(list)]);
      }
    }),
  );
});

function sumOf(list: readonly [number, number][]): number {
  return list.reduce((sum, [, cost]) => sum + cost, 0);
}
