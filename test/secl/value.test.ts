import { describe, expect, test } from 'vitest';
import { anyOf, readingOf, unknown } from '../../src/secl/value.js';

describe('the values of something with several views', () => {
  test('are its only one when all say the same', () => {
    expect(anyOf(['sh'])).toBe('sh');
    expect(anyOf([7n, 7n])).toBe(7n);
    expect(anyOf([])).toBe(unknown);
  });

  test('are all of them, known or not', () => {
    expect(anyOf(['deploy', 'sh'])).toEqual(['deploy', 'sh']);
    expect(anyOf(['deploy', unknown])).toEqual(['deploy', unknown]);
    expect(anyOf([['a', 'b'], ['c']])).toEqual(['a', 'b', 'c']);
  });

  test('are not all when one of them was cut', () => {
    const { elements, complete } = readingOf(anyOf([{ known: 'elements', elements: ['a'], partial: 'b' }, 'c']));
    expect(complete).toBe(false);
    expect(elements).toEqual(['a', { known: 'prefix', prefix: 'b' }, 'c']);
  });
});
