import { describe, expect, test } from 'vitest';
import { limits } from '../../src/rules/limits.js';
import { globalOwner, VariableStore } from '../../src/rules/variables.js';

const plain = { inherited: false, now: 10n };
const list = { ...plain, size: 100, initial: [] };

describe('a scalar', () => {
  test('is there until it ends, and a new one lives anew', () => {
    const store = new VariableStore();
    store.setScalar('p', 'x', 'one', { ...plain, expires: 20n });
    expect(store.find('p', 'x', 19n)?.value).toBe('one');
    expect(store.find('p', 'x', 20n)).toBeUndefined();
    store.setScalar('p', 'x', 'two', plain);
    expect(store.find('p', 'x', 10n ** 18n)?.value).toBe('two');
  });

  test('is its owner’s alone', () => {
    const store = new VariableStore();
    store.setScalar('p', 'x', 1n, plain);
    store.setScalar(globalOwner, 'x', 2n, plain);
    expect(store.find('p', 'x', 10n)?.value).toBe(1n);
    expect(store.find(globalOwner, 'x', 10n)?.value).toBe(2n);
    expect(store.find('q', 'x', 10n)).toBeUndefined();
    expect(store.find('p', 'y', 10n)).toBeUndefined();
  });
});

describe('a list', () => {
  test('keeps each value once, the latest last; the oldest fall off', () => {
    const store = new VariableStore();
    for (const value of ['a', 'b', 'a', 'c']) store.append('p', 'x', [value], { ...list, size: 2 });
    expect(store.find('p', 'x', 10n)?.value).toEqual(['a', 'c']);
  });

  test('values of different types are different values', () => {
    const store = new VariableStore();
    store.append('p', 'x', ['1', 1n], list);
    expect(store.find('p', 'x', 10n)?.value).toEqual(['1', 1n]);
  });

  test('each element has its own end, which a new appearance moves', () => {
    const store = new VariableStore();
    store.append('p', 'x', ['a', 'b'], { ...list, expires: 20n });
    store.append('p', 'x', ['a'], { ...list, now: 15n, expires: 25n });
    expect(store.find('p', 'x', 22n)?.value).toEqual(['a']);
    expect(store.find('p', 'x', 25n)).toBeUndefined();
  });

  test('begins with what it reads as while nothing is set', () => {
    const store = new VariableStore();
    store.append('p', 'x', ['b'], { ...list, initial: ['a'] });
    store.append('p', 'x', ['c'], { ...list, initial: ['a'] });
    expect(store.find('p', 'x', 10n)?.value).toEqual(['a', 'b', 'c']);
  });

  test('set as a whole replaces what was there', () => {
    const store = new VariableStore();
    store.append('p', 'x', ['a'], list);
    store.setList('p', 'x', ['b', 'c'], 1, plain);
    expect(store.find('p', 'x', 10n)?.value).toEqual(['c']);
  });

  test('has a limit in bytes', () => {
    const store = new VariableStore();
    const large = limits.listBytes.value / 4;
    for (const letter of 'abcdef') store.append(globalOwner, 'x', [letter.repeat(large)], list);
    const { value } = store.find(globalOwner, 'x', 10n)!;
    expect((value as string[]).map(([first]) => first)).toEqual(['d', 'e', 'f']);
  });
});

test('who was used least recently is forgotten for want of room, and counted; globals stay', () => {
  const store = new VariableStore();
  store.setScalar(globalOwner, 'x', 'stays', plain);
  const owners = Math.ceil(limits.variableBytes.value / limits.listBytes.value) + 2;
  for (let owner = 0; owner < owners; owner++) {
    for (let part = 0; part < 70; part++) store.append(`p${owner}`, 'x', [`${part}`.padEnd(15_000, 'x')], list);
    store.find('p0', 'x', 10n);
  }
  expect(store.bytes).toBeLessThanOrEqual(limits.variableBytes.value);
  expect(store.forgotten).toBeGreaterThan(0);
  expect(store.find('p0', 'x', 10n)).toBeDefined();
  expect(store.find('p1', 'x', 10n)).toBeUndefined();
  expect(store.find(globalOwner, 'x', 10n)?.value).toBe('stays');
});
