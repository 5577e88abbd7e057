import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { policySchema, readPolicyFiles } from '../../src/policy/index.js';
import { validate } from './json-schema.js';
import { load } from './support.js';

/** What is wrong with a policy by the schema; nothing when it is valid. */
function problems(text: string): string[] {
  return validate(policySchema(), parse(text));
}

test('the committed schema is the one the loader has', async () => {
  const committed = JSON.parse(await readFile('policies/policy.schema.json', 'utf8')) as unknown;
  expect(committed, 'run `portcullis policy schema > policies/policy.schema.json`').toEqual(policySchema());
});

test('the shipped policies are valid', async () => {
  for (const { file, text } of await readPolicyFiles(['policies'])) {
    expect(problems(Buffer.from(text).toString()), file).toEqual([]);
  }
});

const rule = (...lines: string[]) => ['rules:', '  - id: one', ...lines.map((line) => `    ${line}`), ''].join('\n');
const expression = 'expression: exec.pid == 1';

test.each([
  'version: 1.2.3\ntype: policy\nmode: monitor\n',
  'version: 1.2\nmacros:\n  - {id: FIRST, values: [a, 1], combine: override, agent_version: ">= 7.0"}\n',
  `macros:\n  - {id: SECOND, expression: '["a"]', filters: ['os == "linux"']}\n`,
  rule(expression, 'tags: {a: 1}', 'product_tags: [x]', 'every: 10m', 'limiter_token: [process.file.path]'),
  rule(expression, 'every: 600000000000', 'silent: true', 'disabled: false', 'group_id: g', 'priority: -3'),
  rule('disabled: true'),
  `${rule(expression)}  - id: one\n    combine: override\n    override_options: {fields: [all, every]}\n`,
  rule(
    expression,
    'mode: enforce',
    'actions:',
    '  - deny: {}',
    '  - {kill: {signal: SIGKILL, scope: container}, filter: exec.uid == 0}',
  ),
  rule(expression, 'actions: [{set: {name: x, value: [1, 2], ttl: 1h30m, scope: process, inherited: true}}]'),
  rule(expression, 'actions: [{set: {name: x, expression: exec.pid + 1, default_value: 0, append: true, size: 5}}]'),
  rule(expression, 'actions: [{hash: {}}, {log: {level: info, message: hello}}, {coredump: {process: true}}]'),
  rule(expression, 'actions: [{network_filter: {filter: "port 53", policy: drop, scope: cgroup}}]'),
])('the loader and the schema both take it: %s', (text) => {
  expect(load(text).diagnostics).toEqual([]);
  expect(problems(text)).toEqual([]);
});

test.each([
  ['a key that is not known', rule(expression, 'expresion: x')],
  ['another mode', `mode: block\n${rule(expression)}`],
  ['no id', 'rules:\n  - expression: exec.pid == 1\n'],
  ['an id of other letters', 'rules:\n  - id: a b\n    expression: exec.pid == 1\n'],
  ['no expression', rule('description: x')],
  ['a macro with both', `macros:\n  - {id: FIRST, expression: '["a"]', values: [a]}\n`],
  ['a macro with none', 'macros:\n  - {id: FIRST}\n'],
  ['two kinds of action in one', rule(expression, 'actions: [{deny: {}, hash: {}}]')],
  ['an action of no kind', rule(expression, 'actions: [{filter: exec.uid == 0}]')],
  ['a setting that is not known', rule(expression, 'actions: [{deny: {why: x}}]')],
  ['kill without a signal', rule(expression, 'actions: [{kill: {scope: process}}]')],
  ['a signal that is none', rule(expression, 'actions: [{kill: {signal: KILL}}]')],
  ['another scope', rule(expression, 'actions: [{kill: {signal: SIGKILL, scope: host}}]')],
  ['set from two', rule(expression, 'actions: [{set: {name: x, value: 1, field: exec.pid}}]')],
  ['a negative size', rule(expression, 'actions: [{set: {name: x, value: 1, size: -1}}]')],
  ['a coredump of nothing', rule(expression, 'actions: [{coredump: {}}]')],
  ['no duration', rule(expression, 'every: soon')],
  ['no flag', rule(expression, 'silent: perhaps')],
  ['no list', rule(expression, 'product_tags: x')],
  ['another field to override', rule(expression, 'combine: override', 'override_options: {fields: [description]}')],
])('the loader and the schema both refuse %s', (_, text) => {
  expect(load(text).diagnostics.length).toBeGreaterThan(0);
  expect(problems(text).length).toBeGreaterThan(0);
});
