import { expect, test } from 'vitest';
import { didYouMean } from '../../src/policy/nearest.js';

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
  expect(didYouMean(written, keys)).toBe(meant && `did you mean \`${meant}\`?`);
});
