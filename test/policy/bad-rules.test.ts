import { expect, test } from 'vitest';
import { expression, load, marked, places, withRule } from './support.js';

test.each<[string, string[], string, string]>([
  ['no expression', ['description: x'], 'error missing-expression 3:9', 'one'],
  ['an expression of another type', ['expression: [a]'], 'error wrong-type 4:17', '[a]'],
  ['an empty expression', ['expression: ""'], 'error syntax 4:17', '"'],
  ['a syntax error', ['expression: exec.file.name =='], 'error syntax 4:34', ''],
  ['an unterminated string', [`expression: 'exec.file.name == "x'`], 'error lexical 4:36', '"x'],
  ['an unknown field', ['expression: exec.file.nam == "x"'], 'error unknown-name 4:17', 'exec.file.nam'],
  ['types that do not agree', ['expression: exec.file.name == 5'], 'error type 4:35', '5'],
  ['an expression about nothing', ['expression: 1 == 1'], 'error no-event 4:17', '1 == 1'],
  [
    'events mixed',
    ['expression: exec.file.name == "x" && open.file.name == "y"'],
    'error event-mix 4:42',
    'open.file.name',
  ],
  [
    'a folded expression',
    ['expression: >-', '  exec.file.name == "x"', '  && nonsense == 3'],
    'error unknown-name 6:10',
    'nonsense',
  ],
  [
    'a literal expression',
    ['expression: |', '  exec.file.name == "x"', '', '   && nonsense == 3'],
    'error unknown-name 7:11',
    'nonsense',
  ],
  [
    'escapes before the place',
    ['expression: "exec.file.name == \\"x\\" && nonsense"'],
    'error unknown-name 4:45',
    'nonsense',
  ],
  ['a flag that is none', [expression, 'silent: maybe'], 'error wrong-type 5:13', 'maybe'],
  ['a duration that is none', [expression, 'every: often'], 'error wrong-type 5:12', 'often'],
  ['a priority that is none', [expression, 'priority: 1.5'], 'error wrong-type 5:15', '1.5'],
  ['tags that are a list', [expression, 'tags: [a]'], 'error wrong-type 5:11', '[a]'],
  ['an unknown mode', [expression, 'mode: observe'], 'error wrong-value 5:11', 'observe'],
  ['enforcing nothing', [expression, 'mode: enforce'], 'error nothing-to-enforce 5:11', 'enforce'],
  ['combine with nothing', ['combine: override'], 'error override-without-rule 3:9', 'one'],
  ['combine that is none', [expression, 'combine: merge'], 'error wrong-value 5:14', 'merge'],
  ['a group id that is none', [expression, 'group_id: a b'], 'error bad-id 5:15', 'a b'],
  ['a constraint that is none', [expression, 'agent_version: soon'], 'error agent-version 5:20', 'soon'],
  ['a filter about nothing', [expression, 'filters: [os.nam == "linux"]'], 'error filter 5:15', 'os.nam'],
  ['a filter with a syntax error', [expression, `filters: ['os == ']`], 'error filter 5:22', ''],
  [
    'a limiter token that is no field',
    [expression, 'limiter_token: [exec.file.nam]'],
    'error unknown-field 5:21',
    'exec.file.nam',
  ],
  ['actions that are a mapping', [expression, 'actions: {deny: {}}'], 'error wrong-type 5:14', '{deny: {}}'],
])('%s', (_, lines, place, mark) => {
  const ruleset = load(`${withRule(...lines)}  - id: good\n    ${expression}\n`);
  expect(places(ruleset)).toEqual([place]);
  if (mark !== '') expect(marked(ruleset)).toEqual([mark]);
  expect(ruleset.rules.map(({ id }) => id)).toEqual(['good']);
  expect(ruleset.diagnostics[0]?.rule ?? 'one').toBe('one');
});

test.each<[string, string, string]>([
  ['no id', 'rules:\n  - expression: exec.pid == 1\n', 'error missing-id 2:5'],
  ['an empty id', 'rules:\n  - id: ""\n    expression: exec.pid == 1\n', 'error bad-id 2:9'],
  ['an id with other characters', 'rules:\n  - id: a-b\n    expression: exec.pid == 1\n', 'error bad-id 2:9'],
  ['a rule that is text', 'rules: [x]\n', 'error wrong-type 1:9'],
  ['rules that are a mapping', 'rules: {a: b}\n', 'error wrong-type 1:8'],
])('%s', (_, text, place) => {
  const ruleset = load(text);
  expect(places(ruleset)).toEqual([place]);
  expect(ruleset.rules).toEqual([]);
});

test('an unknown key is a warning that says what was meant', () => {
  const ruleset = load(withRule(expression, 'descripton: x'));
  expect(places(ruleset)).toEqual(['warning unknown-key 5:5']);
  expect(ruleset.diagnostics[0]?.help).toBe('did you mean `description`?');
  expect(ruleset.diagnostics[0]?.rule).toBe('one');
  expect(ruleset.rules).toHaveLength(1);
});

test('an id used twice in two files is an error in the second', () => {
  const text = withRule(expression);
  const ruleset = load(text + text.slice(text.indexOf('  - id')));
  expect(places(ruleset)).toEqual(['error duplicate-id 5:9']);
  expect(ruleset.diagnostics[0]?.message).toContain('test.policy:3');
});

test('&& beside || is a warning, and an error when asked for', () => {
  const text = withRule('expression: exec.pid == 1 && exec.uid == 0 || exec.gid == 0');
  const [warning] = load(text).diagnostics;
  expect(warning).toMatchObject({ severity: 'warning', code: 'mixed-logical', line: 4 });
  expect(load(text).rules).toHaveLength(1);
  const strict = load(text, { mixedLogical: 'refuse' });
  expect(strict.diagnostics[0]).toMatchObject({ severity: 'error', code: 'mixed-logical', line: 4 });
  expect(strict.rules).toEqual([]);
});
