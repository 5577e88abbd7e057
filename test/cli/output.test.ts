import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { count, styleOf, table, toJson } from '../../src/cli/output.js';

function terminal() {
  return Object.assign(new PassThrough(), { isTTY: true });
}

test('colours on a terminal only, and not where NO_COLOR or a dumb terminal says so', () => {
  expect(styleOf(terminal(), {}).error('x')).toBe('\u001b[1;31mx\u001b[0m');
  expect(styleOf(new PassThrough(), {}).error('x')).toBe('x');
  expect(styleOf(terminal(), { NO_COLOR: '1' }).error('x')).toBe('x');
  expect(styleOf(terminal(), { NO_COLOR: '' }).error('x')).not.toBe('x');
  expect(styleOf(terminal(), { TERM: 'dumb' }).error('x')).toBe('x');
});

test('columns are as wide as their widest cell', () => {
  expect(
    table([
      ['a', 'bb', 'c'],
      ['aaa', 'b', ''],
    ]),
  ).toBe('a    bb  c\naaa  b');
});

test('big integers in JSON are numbers as long as readers keep them, else text', () => {
  expect(toJson({ a: 5n, b: 2n ** 60n })).toBe('{"a":5,"b":"1152921504606846976"}');
});

test('one and many', () => {
  expect([count(0, 'rule'), count(1, 'rule'), count(2, 'rule')]).toEqual(['0 rules', '1 rule', '2 rules']);
});
