import { expect, test } from 'vitest';
import { expression, load, places } from './support.js';

/** One rule a `set`, all about exec, and one that uses what is given. */
function withSets(sets: readonly string[], use = expression) {
  const rules = sets.map(
    (set, index) => `  - id: set_${index}\n    expression: exec.pid == ${index}\n    actions: [{set: {${set}}}]\n`,
  );
  return load(`rules:\n${rules.join('')}  - id: use\n    ${use}\n`);
}

test.each<[string, string, object]>([
  ['text', 'name: x, value: a', { name: 'x', scope: 'global', kind: 'string', list: false }],
  ['a number', 'name: x, value: 5, scope: process', { name: 'process.x', scope: 'process', kind: 'int', list: false }],
  ['a boolean', 'name: x, value: true', { name: 'x', kind: 'bool', list: false }],
  ['a list', 'name: x, value: [a, b]', { name: 'x', kind: 'string', list: true }],
  ['appended text', 'name: x, value: a, append: true', { name: 'x', kind: 'string', list: true }],
  ['a field', 'name: x, field: exec.uid', { name: 'x', kind: 'int', list: false }],
  [
    'an appended field',
    'name: x, field: exec.args, append: true, scope: cgroup',
    { name: 'cgroup.x', kind: 'string', list: true },
  ],
  ['an element of a field', 'name: x, field: "exec.argv[0]"', { name: 'x', kind: 'string', list: false }],
  [
    'an expression',
    `name: x, expression: '"a:\${process.pid}"', default_value: ""`,
    { name: 'x', kind: 'string', list: false },
  ],
])('%s gives the variable its type', (_, set, declaration) => {
  const ruleset = withSets([set]);
  expect(places(ruleset)).toEqual([]);
  expect([...ruleset.variables.values()]).toMatchObject([declaration]);
});

test('the settings of set', () => {
  const ruleset = withSets([
    'name: x, field: exec.file.path, append: true, size: 7, ttl: 1h, private: true, scope: process, inherited: true, scope_field: process.parent.pid',
  ]);
  expect(places(ruleset)).toEqual([]);
  expect(ruleset.rules[0]?.actions).toEqual([
    {
      action: 'set',
      variable: { name: 'process.x', scope: 'process', kind: 'string', list: true },
      source: { from: 'field', field: 'exec.file.path' },
      append: true,
      size: 7,
      scopeField: 'process.parent.pid',
      ttl: 3_600_000_000_000n,
      private: true,
      inherited: true,
    },
  ]);
});

test('a variable can be used by any rule, also one before it', () => {
  const text = `rules:
  - id: use
    expression: exec.file.name in \${process.seen}
  - id: set
    expression: exec.pid == 1
    actions:
      - set: {name: seen, scope: process, field: exec.file.name, append: true}
`;
  const ruleset = load(text);
  expect(places(ruleset)).toEqual([]);
  expect(ruleset.rules).toHaveLength(2);
});

test.each<[string, string[], string]>([
  ['no name', ['value: a'], 'error action 4:16'],
  ['a name of other characters', ['name: a-b, value: a'], 'error action 4:28'],
  ['nothing to set', ['name: x'], 'error action 4:28'],
  ['two things to set', ['name: x, value: a, field: exec.uid'], 'error action 4:28'],
  ['an expression without a type', [`name: x, expression: '1'`], 'error action 4:43'],
  ['an expression that is wrong', [`name: x, expression: '1 +', default_value: 1`], 'error syntax 4:47'],
  ['types that differ', ['name: x, value: a, default_value: 1'], 'error variable 4:28'],
  ['an unknown field', ['name: x, field: exec.nonsense'], 'error unknown-field 4:38'],
  ['a field of another event', ['name: x, field: open.flags'], 'error event-mix 4:38'],
  ['a list that is not appended', ['name: x, field: exec.args_flags'], 'error variable 4:28'],
  ['an index where there is no list', ['name: x, field: "exec.uid[0]"'], 'error variable 4:28'],
  ['an empty list', ['name: x, value: []'], 'error action 4:38'],
  ['a mixed list', ['name: x, value: [a, 1]'], 'error action 4:42'],
  ['inherited without a process', ['name: x, value: a, inherited: true'], 'error action 4:52'],
  ['a size past the limit', ['name: x, value: [a], size: 1000000'], 'error action 4:49'],
  ['the name of a field', ['name: uid, value: 1, scope: process'], 'error variable 4:28'],
  [
    'an unknown field of scope',
    ['name: x, value: 1, scope: process, scope_field: process.nonsense'],
    'error unknown-field 4:70',
  ],
  ['two types', ['name: x, value: 1', 'name: x, value: a'], 'error variable 7:28'],
])('%s is refused with its rule', (_, sets, place) => {
  const ruleset = withSets(sets);
  expect(places(ruleset)).toEqual([place]);
  expect(ruleset.rules.map(({ id }) => id)).toEqual([...sets.slice(1).map(() => 'set_0'), 'use']);
});

test('an unknown variable is an error at its place', () => {
  expect(places(withSets([], `expression: exec.file.name == "\${nonsense}"`))[0]).toMatch(/^error unknown-name 3:/);
});

test.each([
  ['text for a number', `name: x, expression: '"a"', default_value: 1`, 'variable'],
  ['an array for one value', 'name: x, expression: exec.argv, default_value: ""', 'variable'],
  ['a truth for text', 'name: x, expression: exec.pid == 1, default_value: ""', 'variable'],
  ['a list', `name: x, expression: '[EPERM]', default_value: 1`, undefined],
  ['an unknown name', 'name: x, expression: exec.nonsense, default_value: 1', 'unknown-name'],
  ['another event', 'name: x, expression: open.flags, default_value: 1', 'event-mix'],
])('an expression that gives %s is refused', (_, set, code) => {
  const ruleset = withSets([set]);
  expect(ruleset.diagnostics).toHaveLength(1);
  if (code !== undefined) expect(ruleset.diagnostics[0]?.code).toBe(code);
  expect(ruleset.rules.map(({ id }) => id)).toEqual(['use']);
});

test.each([
  'name: x, expression: exec.pid + 1, default_value: 0',
  'name: x, expression: exec.argv, default_value: "", append: true',
  `name: x, expression: "\${x} + 1", default_value: 0`,
])('an expression that fits: %s', (set) => {
  expect(places(withSets([set]))).toEqual([]);
});
