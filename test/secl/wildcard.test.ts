import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesWildcard, wildcard } from '../../src/secl/wildcard.js';

function matches(pattern: string, value: string): boolean {
  const matcher = wildcard(pattern);
  return matcher.kind === 'exact' ? matcher.bytes === value : matchesWildcard(matcher, value);
}

describe('wildcard', () => {
  test.each([
    ['a*', 'a', true],
    ['*a', 'aba', true],
    ['*ab', 'abab', true],
    ['a*a', 'a', false],
    ['a*b*c', 'a/b/c', true],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a', 'a', true],
    ['**', 'x', true],
  ])('%j on %j is %s', (pattern, value, expected) => {
    expect(matches(pattern, value)).toBe(expected);
  });

  test('takes the pattern apart for the kernel', () => {
    expect(wildcard('ab*c*')).toEqual({
      kind: 'wildcard',
      pattern: 'ab*c*',
      segments: ['ab', 'c'],
      anchoredStart: true,
      anchoredEnd: false,
    });
    expect(wildcard('ab')).toEqual({ kind: 'exact', bytes: 'ab' });
  });

  test('is the regular expression with .* for *', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 });
    fc.assert(
      fc.property(text, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), (pattern, value) => {
        expect(matches(pattern, value)).toBe(new RegExp(`^${pattern.replace(/\*+/g, '[^]*')}$`).test(value));
      }),
      { numRuns: 3000 },
    );
  });
});
