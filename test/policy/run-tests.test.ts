import { expect, test } from 'vitest';
import { parseTestFile, runTest } from '../../src/policy/index.js';
import { load } from './support.js';

const ruleset = load(`rules:
  - id: named
    expression: exec.file.name == "x"
  - id: argument
    expression: exec.args =~ "*secret*"
  - id: opened
    expression: open.file.name == "x"
  - id: seen
    expression: exec.file.name in \${names} && exec.uid == \${limit}
  - id: sets
    expression: exec.pid == 1
    actions:
      - set: {name: names, value: a, append: true}
      - set: {name: limit, value: 5}
`);

/** The one test that stands in the lines, run. */
function outcome(...lines: string[]) {
  const text = ['tests:', '  - name: one', ...lines.map((line) => `    ${line}`), ''].join('\n');
  const { tests, diagnostics } = parseTestFile({ file: 'x.tests', text });
  expect(diagnostics).toEqual([]);
  const { passed, differences, matched, problem } = runTest(tests[0]!, ruleset);
  return { passed, matched, differences: differences.map(({ rule, what }) => `${rule} ${what}`), problem };
}

test.each<[string, string[], string[]]>([
  ['exactly the rules that match', ['event: {exec.file.name: x}', 'rules: [named]'], []],
  ['one too many', ['event: {exec.file.name: x}', 'rules: [named, argument]'], ['argument missing']],
  ['one too few', ['event: {exec.file.name: x}', 'rules: []'], ['named unexpected']],
  ['only what does not match', ['event: {exec.file.name: x}', 'not: [argument]'], []],
  ['what should not match', ['event: {exec.file.name: x}', 'not: [named]'], ['named unexpected']],
  ['no answer', ['event: {exec.args: {$unknown: true}}', 'rules: []'], ['argument unknown']],
  ['no answer, as expected', ['event: {exec.args: {$unknown: true}}', 'rules: []', 'unknown: [argument]'], []],
  [
    'an answer where none was expected',
    ['event: {exec.args: x}', 'rules: []', 'unknown: [argument]'],
    ['argument known'],
  ],
  ['another event', ['event: {open.file.name: x}', 'rules: [opened]'], []],
  ['a rule about another event', ['event: {open.file.name: x}', 'rules: [opened, named]'], ['named missing']],
  ['a type that no field tells', ['type: exec', 'event: {process.args: a secret}', 'rules: [argument]'], []],
  ['two views', ['views: [{exec.file.name: x}, {exec.file.name: y}]', 'rules: [named]'], []],
  [
    'variables',
    ['event: {exec.file.name: b, exec.uid: 5}', 'variables: {names: [a, b], limit: 5}', 'rules: [seen]'],
    [],
  ],
  ['arguments that look like numbers', ['event: {exec.argv: [secret, 1]}', 'rules: [argument]'], []],
])('%s', (_, lines, differences) => {
  expect(outcome(...lines)).toMatchObject({ passed: differences.length === 0, differences, problem: undefined });
});

test.each([
  [
    'a rule that is not there',
    ['event: {exec.uid: 0}', 'rules: [nameed]'],
    'there is no rule nameed; did you mean named?',
  ],
  ['a value of another type', ['event: {exec.uid: root}', 'rules: []'], 'exec.uid'],
  [
    'a variable that nothing sets',
    ['event: {exec.uid: 0}', 'variables: {other: 1}', 'rules: []'],
    'no rule sets a variable other',
  ],
  [
    'a variable of another type',
    ['event: {exec.uid: 0}', 'variables: {limit: a}', 'rules: []'],
    'the variable limit holds int, not a',
  ],
])('%s is a problem of the test, not a pass', (_, lines, problem) => {
  const result = outcome(...lines);
  expect(result.passed).toBe(false);
  expect(result.problem).toContain(problem);
});

test.each([
  ['tests:\n  - event: {exec.uid: 0}\n    rules: []\n', 'a test needs a `name`'],
  ['tests:\n  - name: x\n    rules: []\n', 'a test needs either an `event` or `views`'],
  ['tests:\n  - name: x\n    event: {exec.uid: 0}\n', 'which `rules` match'],
  ['tests:\n  - name: x\n    event: {exec.uidd: 0}\n    rules: []\n', 'there is no field `exec.uidd`'],
  ['tests:\n  - name: x\n    event: {process.uid: 0}\n    rules: []\n', 'no field says what event this is'],
  ['tests:\n  - name: x\n    type: run\n    event: {process.uid: 0}\n    rules: []\n', 'the `type` of an event'],
  ['tests: []\n', 'there are no `tests`'],
  ['policies: [x.policy]\n', 'there are no `tests`'],
  ['- a\n', 'mapping'],
])('%s: %s', (text, message) => {
  const { diagnostics, tests } = parseTestFile({ file: 'x.tests', text });
  expect(diagnostics).toMatchObject([{ severity: 'error', file: 'x.tests' }]);
  expect(diagnostics[0]?.message).toContain(message);
  expect(tests).toEqual([]);
});

test('a difference tells what the rule saw', () => {
  const text = 'tests:\n  - name: one\n    event: {exec.file.name: y}\n    rules: [named]\n';
  const result = runTest(parseTestFile({ file: 'x.tests', text }).tests[0]!, ruleset);
  expect(result.differences).toEqual([
    { rule: 'named', what: 'missing', expression: 'exec.file.name == "x"', facts: [['exec.file.name', '"y"']] },
  ]);
});
