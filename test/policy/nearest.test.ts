import { expect, test } from 'vitest';
import { nearest } from '../../src/policy/nearest.js';

const keys = ['expression', 'every', 'silent', 'tags', 'mode'];

test.each([
  ['expresion', 'expression'],
  ['experssion', 'expression'],
  ['Expression', 'expression'],
  ['slient', 'silent'],
  ['tag', 'tags'],
  ['frequency', undefined],
  ['x', undefined],
])('%s', (written, meant) => {
  expect(nearest(written, keys)).toBe(meant);
});
