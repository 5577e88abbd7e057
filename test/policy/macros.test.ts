import { expect, test } from 'vitest';
import { loadMacros } from '../../src/policy/macros.js';
import { parsePolicyFile } from '../../src/policy/parse-file.js';
import { load, places } from './support.js';

function withMacros(macros: Readonly<Record<string, string>>, expression = 'exec.pid == 1') {
  const items = Object.entries(macros).map(([id, text]) => `  - id: ${id}\n    expression: ${text}\n`);
  return load(`macros:\n${items.join('')}rules:\n  - id: one\n    expression: ${expression}\n`);
}

test('a macro may use others', () => {
  const ruleset = withMacros(
    { LIST: `'["x"]'`, INNER: 'exec.file.name in LIST', OUTER: 'INNER && exec.uid == 0' },
    'OUTER',
  );
  expect(places(ruleset)).toEqual([]);
  expect(ruleset.rules[0]?.source).toBe('OUTER');
});

test.each<[string, Record<string, string>, string[]]>([
  ['itself', { ONE: 'ONE' }, ['error macro-cycle 2:9']],
  [
    'itself through another',
    { ONE: 'TWO && exec.uid == 0', TWO: 'not ONE' },
    ['error macro-cycle 2:9', 'error macro-cycle 4:9'],
  ],
])('a macro that stands for %s', (_, macros, expected) => {
  const ruleset = withMacros(macros);
  expect(places(ruleset)).toEqual(expected);
  expect(ruleset.rules).toHaveLength(1);
});

test('only the macros in the circle are refused, not those that lead to it', () => {
  const ruleset = withMacros({ ONE: 'TWO', TWO: 'THREE', THREE: 'TWO' });
  expect(ruleset.diagnostics.filter(({ code }) => code === 'macro-cycle').map(({ line }) => line)).toEqual([4, 6]);
});

test('a macro that no rule uses is checked', () => {
  expect(places(withMacros({ ONE: 'exec.file.nam == "x"' }))).toEqual(['error unknown-name 3:17']);
  expect(places(withMacros({ ONE: '"[1, "' }))).toEqual(['error syntax 3:22']);
});

test('a long chain of macros does not overflow', () => {
  const text = (id: number) => `  - id: M${id}\n    expression: M${id + 1}\n`;
  const chain = `macros:\n${Array.from({ length: 20_000 }, (_, id) => text(id)).join('')}`;
  const { policy } = parsePolicyFile({ file: 'test.policy', text: chain });
  expect(loadMacros(policy!.macros).size).toBe(20_000);
});

test('a macro with the name of a constant is a warning: the constant is what expressions get', () => {
  expect(places(withMacros({ EPERM: '"5"' }))).toEqual(['warning hidden-macro 2:9']);
});

test.each([
  ['neither', 'macros: [{id: A}]\n', 'error macro 1:10'],
  ['both', `macros: [{id: ONE, expression: '1', values: [a]}]\n`, 'error macro 1:10'],
  ['no values', 'macros: [{id: ONE, values: []}]\n', 'error macro 1:10'],
  ['values that are text', 'macros: [{id: ONE, values: a}]\n', 'error wrong-type 1:28'],
])('a macro with %s', (_, text, place) => {
  expect(places(load(text))[0]).toBe(place);
});

test('values are text, never patterns', () => {
  const ruleset = load(
    'macros: [{id: LIST, values: ["a*", 5]}]\nrules: [{id: one, expression: exec.file.name in LIST}]\n',
  );
  expect(places(ruleset)).toEqual([]);
  expect(ruleset.rules[0]?.expression).toMatchObject({
    matchers: [
      { kind: 'exact', bytes: 'a*' },
      { kind: 'exact', bytes: '5' },
    ],
  });
});
