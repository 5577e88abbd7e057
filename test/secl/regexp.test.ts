import { describe, expect, test } from 'vitest';
import { limits } from '../../src/secl/limits.js';
import { dependsOnEnd, matchesRegexp, matchesRegexpPrefix, regexpProblem } from '../../src/secl/regexp.js';

describe('regular expressions', () => {
  test('search anywhere, over runes', () => {
    expect(matchesRegexp('b.d', 'abcde')).toBe(true);
    expect(matchesRegexp('^.$', '\xc3\xa9')).toBe(true);
    expect(matchesRegexp('^..$', '\xc3\xa9')).toBe(false);
    expect(matchesRegexp('^..$', '\xf0\x9f')).toBe(true);
    expect(matchesRegexp('(?i)^K$', 'k')).toBe(true);
  });

  test('are RE2: no look-around, no back references, bounded repetition', () => {
    expect(regexpProblem('(?=a)')).toBeDefined();
    expect(regexpProblem('(a)\\1')).toBeDefined();
    expect(regexpProblem('a{1001}')).toBeDefined();
    expect(regexpProblem('[a')).toContain('missing closing ]');
    expect(regexpProblem('a{2,3}|\\pL')).toBeUndefined();
    expect(regexpProblem('a'.repeat(limits.regexpLength.value + 1))).toContain('longer');
    expect(regexpProblem('a{1000}'.repeat(100))).toContain('instructions');
  });

  test('take linear time', () => {
    const started = performance.now();
    expect(matchesRegexp('(a*)*b', 'a'.repeat(50_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test.each([
    ['a$', true],
    ['a\\$', false],
    ['[$]', false],
    ['[]$]', false],
    ['[^]$]', false],
    ['[[:alpha:]$]', false],
    ['[\\]$]', false],
    ['a\\z', true],
    ['a\\b', true],
    ['a\\B', true],
    ['\\\\b', false],
    ['\\Qa$\\Eb', false],
    ['\\Qa$\\E$', true],
    ['\\Qa$', false],
    ['^a\\A', false],
    ['(?m)a$', true],
  ])('%s says something of the end: %s', (source, expected) => {
    expect(dependsOnEnd(source)).toBe(expected);
  });

  test('a match in a prefix does not lean on a rune that is cut', () => {
    expect(matchesRegexpPrefix('a.', 'a\xc3')).toBe(false);
    expect(matchesRegexpPrefix('a.', 'a\xff')).toBe(true);
    expect(matchesRegexpPrefix('a', 'a\xc3')).toBe(true);
  });
});
