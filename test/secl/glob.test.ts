import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { globProblem, matchesGlob } from '../../src/secl/glob.js';

describe('matchesGlob', () => {
  test.each([
    ['/tmp/*', '/tmp/a', true],
    ['/tmp/*', '/tmp/', true],
    ['/tmp/*', '/tmp', false],
    ['/tmp/*', '/tmp/a/b', false],
    ['/tmp/a*c', '/tmp/abc', true],
    ['/tmp/*/c', '/tmp/b/c', true],
    ['/tmp/**', '/tmp/a/b', true],
    ['/tmp/**', '/tmp/', true],
    ['/usr/bin/cat/**', '/usr/bin/cat', false],
    ['/tmp/**', '/tmpx/a', false],
    ['/a/**/z', '/a/z', true],
    ['/a/**/z', '/a/b/c/z', true],
    ['/a/**/z', '/a/b/c/zz', false],
    ['/a/**/a/b', '/a/b', true],
    ['/a/**/b*', '/a/x/bc', true],
    ['**', '/a/b', true],
    ['**', 'a', true],
    ['**/x', '/x', true],
    ['**/x', 'x', false],
    ['*', '/a', true],
    ['*', '/a/b', false],
    ['*/b', '/a/b', true],
    ['*/**', '/a/b', true],
    ['/a/b**', '/a/bcd', true],
    ['/a/b**', '/a/b/c', false],
    ['/a', '/a', true],
    ['/a', '/a/', false],
    ['**', '', false],
    ['*', '', false],
  ])('%s on %j is %s', (pattern, path, expected) => {
    expect(matchesGlob(pattern, path)).toBe(expected);
  });

  test('one ** at most', () => {
    expect(globProblem('/a/**/b/**')).toBeDefined();
    expect(globProblem('/a/**/b**')).toBeUndefined();
  });

  test('agrees with a regular expression for patterns without overlap', () => {
    const piece = fc
      .string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 3 })
      .filter((text) => !text.includes('**'));
    const segments = fc.array(piece, { minLength: 1, maxLength: 3 });
    const path = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 }).map((text) => `/${text}`);
    fc.assert(
      fc.property(segments, fc.constantFrom('', '/**'), path, (parts, tail, value) => {
        const pattern = `/${parts.join('/')}${tail}`;
        const source = parts.map((part) => part.replaceAll('*', '[^/]*')).join('/') + (tail ? '/[^]*' : '');
        const expected = pattern.includes('*') ? new RegExp(`^/${source}$`).test(value) : pattern === value;
        expect(matchesGlob(pattern, value)).toBe(expected);
      }),
      { numRuns: 3000 },
    );
  });
});
