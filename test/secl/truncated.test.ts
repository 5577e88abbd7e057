import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Matcher, Truth } from '../../src/secl/index.js';
import { isPrefixCertain, matches, matchesPrefix } from '../../src/secl/matcher.js';
import { wildcard } from '../../src/secl/wildcard.js';
import { truth } from './scope.js';

describe('what is not known is not false', () => {
  const nothing = { $unknown: true };
  test.each<[string, Record<string, unknown>, Truth]>([
    ['exec.comm == "a"', { 'exec.comm': nothing }, 'unknown'],
    ['exec.comm != "a"', { 'exec.comm': nothing }, 'unknown'],
    ['exec.comm == "a" || true', { 'exec.comm': nothing }, true],
    ['exec.comm == "a" && process.pid == 1', { 'exec.comm': nothing }, false],
    ['exec.comm == "a" || process.pid == 0', { 'exec.comm': nothing }, true],
    ['process.pid > 1', { 'process.pid': nothing }, 'unknown'],
    ['process.pid in [1]', { 'process.pid': nothing }, 'unknown'],
    ['process.pid + 1 == 2', { 'process.pid': nothing }, 'unknown'],
    ['process.is_kworker', { 'process.is_kworker': nothing }, 'unknown'],
    ['process.is_kworker == process.is_kworker', { 'process.is_kworker': nothing }, 'unknown'],
    ['exec.argv == "a"', { 'exec.argv': ['b', nothing] }, 'unknown'],
    ['exec.argv == "a"', { 'exec.argv': ['a', nothing] }, true],
    ['exec.args == "a"', { 'exec.argv': nothing }, 'unknown'],
    ['exec.args_flags == "a"', { 'exec.argv': nothing }, 'unknown'],
    ['exec.argv[0] == "a"', { 'exec.argv': { $truncated: [] } }, 'unknown'],
    ['exec.argv[0] == "a"', { 'exec.argv': { $truncated: ['a'] } }, true],
    ['%{exec.argv.length} == 1', { 'exec.argv': { $truncated: ['a'] } }, 'unknown'],
    ['exec.file.path.length == 1', { 'exec.file.path': { $truncated: '/' } }, 'unknown'],
    ['process.ancestors.comm == "a"', { 'process.ancestors': { $truncated: [{ comm: 'b' }] } }, 'unknown'],
    ['process.ancestors.comm == "b"', { 'process.ancestors': { $truncated: [{ comm: 'b' }] } }, true],
    ['process.ancestors[A].comm == "a"', { 'process.ancestors': { $truncated: [{ comm: 'b' }] } }, 'unknown'],
    ['process.ancestors.length == 1', { 'process.ancestors': { $truncated: [{ comm: 'b' }] } }, 'unknown'],
    ['bind.addr.ip == 1.2.3.4', { 'bind.addr.ip': nothing }, 'unknown'],
    ['process.created_at > 5s', { 'process.created_at': nothing }, 'unknown'],
    ['"x%{exec.comm}" == "xa"', { 'exec.comm': nothing }, 'unknown'],
  ])('%s with %j is %s', (expression, event, expected) => {
    expect(truth(expression, event)).toBe(expected);
  });
});

describe('a string of which no byte is known', () => {
  const event = { 'exec.args': { $truncated: '' }, 'exec.argv': { $truncated: [], partial: '' } };
  test.each(['exec.args == r"a*"', 'exec.argv == r"a*"', 'exec.args =~ "*"'])('%s is unknown', (expression) => {
    expect(truth(expression, event)).toBe('unknown');
  });
});

describe('a string of which the beginning is known', () => {
  const event = { 'exec.args': { $truncated: '-o stratum+tcp' }, 'exec.file.path': { $truncated: '/tmp/x' } };
  test.each<[string, Truth]>([
    ['exec.args =~ "*stratum*"', true],
    ['exec.args =~ "-o*"', true],
    ['exec.args =~ "-o*tcp"', 'unknown'],
    ['exec.args =~ "*xmrig*"', 'unknown'],
    ['exec.args =~ "x*"', 'unknown'],
    ['exec.args =~ "*"', 'unknown'],
    ['exec.args == "-o stratum+tcp"', 'unknown'],
    ['exec.args == r"stratum"', true],
    ['exec.args == r"tcp$"', 'unknown'],
    ['exec.args == r"tcp\\b"', 'unknown'],
    ['exec.args != r"stratum"', false],
    ['exec.file.path == ~"/tmp/**"', true],
    ['exec.file.path == ~"/**"', 'unknown'],
    ['exec.file.path == ~"/t*/**"', 'unknown'],
    ['exec.file.path == ~"/tmp/x*"', 'unknown'],
    ['exec.file.path == ~"**"', 'unknown'],
  ])('%s is %s', (expression, expected) => {
    expect(truth(expression, event)).toBe(expected);
  });
});

describe('an argument list of which the beginning is known', () => {
  const event = { 'exec.argv': { $truncated: ['--url=a', '-p'], partial: 'xm' } };
  test.each<[string, Truth]>([
    ['exec.argv == "-p"', true],
    ['exec.argv == "xm"', 'unknown'],
    ['exec.argv == ~"xm*"', true],
    ['exec.argv == ~"y*"', 'unknown'],
    ['exec.args =~ "--url=a -p xm*"', true],
    ['exec.args =~ "*zzz*"', 'unknown'],
    ['exec.args_flags == "p"', true],
    ['exec.args_flags == "q"', 'unknown'],
    ['exec.args_options == "url=a"', true],
    ['exec.args_options == ~"p=x*"', true],
    ['exec.args_options == "p=xm"', 'unknown'],
    ['exec.args_options != "url=a"', false],
  ])('%s is %s', (expression, expected) => {
    expect(truth(expression, event)).toBe(expected);
  });
});

describe('ancestors of which only the nearest is known', () => {
  const event = { 'process.ancestors': { $truncated: [{ 'file.name': 'sh', pid: 3 }] }, 'exec.pid': 7 };
  test.each<[string, Truth]>([
    ['process.ancestors[A].file.name == "sh" && process.ancestors[A].pid == 3', true],
    ['process.ancestors[A].file.name == "sh" && process.ancestors[A].pid == 4', 'unknown'],
    ['process.ancestors[A].file.name != "sh"', 'unknown'],
    // Whatever the others are.
    ['process.ancestors[A].file.name == "x" && exec.pid == 8', false],
    ['process.ancestors[A].file.name == "x" || exec.pid == 8', 'unknown'],
    ['process.ancestors[A].pid == 4 && process.ancestors.file.name == "x"', 'unknown'],
  ])('%s is %s', (expression, expected) => {
    expect(truth(expression, event)).toBe(expected);
  });

  test('of which none is known: there may be none at all', () => {
    const none = { 'process.ancestors': { $truncated: [] }, 'exec.pid': 7 };
    expect(truth('process.ancestors[A].file.name == "x" || exec.pid == 7', none)).toBe('unknown');
    expect(truth('process.ancestors[A].file.name == "x" && exec.pid == 8', none)).toBe(false);
  });
});

const literalText = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 4 });
const matcher: fc.Arbitrary<Matcher> = fc.oneof(
  literalText.map((bytes): Matcher => ({ kind: 'exact', bytes })),
  fc.string({ unit: fc.constantFrom('a', 'b', '*', '/'), minLength: 1, maxLength: 5 }).map(wildcard),
  fc
    .constantFrom('/a/**', '/**', '/a/b/**', '/*/**', '**', '/a/*', '/a/**/b')
    .map((pattern): Matcher => ({ kind: 'glob', pattern })),
  fc
    .constantFrom('a', '^a', 'a$', 'a.', '[^a]', 'a\\b', '(a|b)+', 'a*', '\\.')
    .map((source): Matcher => ({ kind: 'regexp', source })),
);

test('a prefix-certain match in a prefix is a match of every value that begins so', () => {
  const rest = fc.string({ unit: fc.constantFrom('a', '/', '\x80', '\xc3', '\n'), maxLength: 4 });
  const prefix = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\xc3', '\xe2'), maxLength: 6 });
  fc.assert(
    fc.property(matcher, prefix, rest, (one, known, more) => {
      if (matchesPrefix(one, known)) {
        expect(isPrefixCertain(one)).toBe(true);
        expect(matches(one, known + more)).toBe(true);
      }
    }),
    { numRuns: 5000 },
  );
});
