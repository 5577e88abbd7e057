import { expect, test } from 'vitest';
import { loadAll, places } from './support.js';

const base = `version: 1.0.0
macros:
  - id: NAMES
    values: [a, b]
rules:
  - id: one
    description: first
    expression: exec.file.name in NAMES
    every: 1m
    tags: {a: b}
    product_tags: [x]
    actions:
      - kill: {signal: SIGTERM}
`;

function rule(...lines: string[]): string {
  return ['rules:', '  - id: one', ...lines.map((line) => `    ${line}`), ''].join('\n');
}

test('values of a macro are merged', () => {
  const ruleset = loadAll(base, 'macros:\n  - id: NAMES\n    values: [c]\n    combine: merge\n');
  expect(places(ruleset)).toEqual([]);
  expect(ruleset.rules[0]?.expression).toMatchObject({
    node: 'match',
    matchers: [{ bytes: 'a' }, { bytes: 'b' }, { bytes: 'c' }],
  });
});

test('a macro is overridden', () => {
  const ruleset = loadAll(base, `macros:\n  - id: NAMES\n    expression: '[~"c*"]'\n    combine: override\n`);
  expect(places(ruleset)).toEqual([]);
  expect(ruleset.rules[0]?.expression).toMatchObject({ matchers: [{ kind: 'wildcard' }] });
});

test.each([
  ['a second macro', 'macros:\n  - id: NAMES\n    values: [c]\n', 'error duplicate-id 2:9'],
  [
    'an expression merged into values',
    `macros:\n  - id: NAMES\n    expression: '["c"]'\n    combine: merge\n`,
    'error macro-merge 2:9',
  ],
  ['a second rule', rule('expression: exec.pid == 1'), 'error duplicate-id 2:9'],
])('%s is refused, and the first holds', (_, text, place) => {
  const ruleset = loadAll(base, text);
  expect(places(ruleset)).toEqual([place]);
  expect(ruleset.diagnostics[0]?.file).toBe('b.policy');
  expect(ruleset.rules[0]?.source).toBe('exec.file.name in NAMES');
});

test('an override without options takes the expression and nothing else', () => {
  const [one] = loadAll(base, rule('combine: override', 'expression: exec.pid == 1', 'tags: {c: d}')).rules;
  expect(one).toMatchObject({
    source: 'exec.pid == 1',
    tags: { a: 'b' },
    every: 60_000_000_000n,
    description: 'first',
  });
});

test('an override with options takes the fields that it names', () => {
  const text = rule(
    'combine: override',
    'override_options: {fields: [actions, every, tags, product_tags]}',
    'actions: [{deny: {}}]',
    'tags: {c: d}',
    'product_tags: [y]',
    'mode: monitor',
  );
  const [one] = loadAll(base, text).rules;
  expect(one).toMatchObject({
    source: 'exec.file.name in NAMES',
    actions: [{ action: 'deny' }],
    tags: { c: 'd' },
    productTags: ['y'],
    mode: 'monitor',
  });
  expect(one?.every).toBeUndefined();
});

test('an override of all takes everything; without an expression the old one stays', () => {
  const text = rule('combine: override', 'override_options: {fields: [all]}', 'description: second');
  const [one] = loadAll(base, text).rules;
  expect(one).toMatchObject({ source: 'exec.file.name in NAMES', description: 'second', tags: {}, actions: [] });
  expect(one?.policy.file).toBe('b.policy');
});

test('an error in an expression that an override brought points into the file it came from', () => {
  const ruleset = loadAll(base, rule('combine: override', 'expression: exec.pid == nonsense'));
  expect(ruleset.diagnostics[0]).toMatchObject({ file: 'b.policy', line: 4, column: 29 });
});

test('a rule is turned off, and an override can turn it on again', () => {
  expect(loadAll(base, rule('disabled: true')).rules).toEqual([]);
  expect(loadAll(base, rule('combine: override', 'disabled: true')).rules).toEqual([]);
  const text = rule('combine: override', 'expression: exec.pid == 1');
  expect(loadAll(base, rule('disabled: true'), text).rules[0]?.source).toBe('exec.pid == 1');
});

test('definitions that do not apply here are not there at all', () => {
  const old = rule('expression: exec.pid == 1', 'agent_version: "< 7.70"');
  const other = rule('expression: exec.pid == 2', `filters: ['os == "windows"']`);
  const ruleset = loadAll(old, other, base);
  expect(places(ruleset)).toEqual([]);
  expect(ruleset.rules.map(({ source }) => source)).toEqual(['exec.file.name in NAMES']);
});

test('of several filters one that holds is enough', () => {
  const filters = (...all: string[]) =>
    loadAll(rule('expression: exec.pid == 1', `filters: [${all.map((filter) => `'${filter}'`).join(', ')}]`)).rules
      .length;
  expect(filters('os == "windows"', 'os == "linux"')).toBe(1);
  expect(filters('os == "windows"', 'os == "darwin"')).toBe(0);
});

test.each<[string, string, string, 'monitor' | 'enforce' | undefined, number]>([
  ['monitored here, enforced there', 'mode: monitor', 'mode: enforce', 'enforce', 1],
  ['enforced here, monitored there', 'mode: enforce', 'mode: monitor', 'enforce', 0],
  ['disabled here, monitored there', 'disabled: true', 'mode: monitor', 'monitor', 1],
  ['monitored here, disabled there', 'mode: monitor', 'disabled: true', 'monitor', 0],
])('the same rule %s: the most severe holds, and that is said', (_, first, second, mode, winner) => {
  const same = (line: string, layout: string) => rule(`expression: ${layout}`, 'actions: [{deny: {}}]', line);
  const ruleset = loadAll(same(first, 'exec.pid == 1'), same(second, '"exec.pid  ==  1"'));
  expect(places(ruleset)).toEqual(['warning modes-disagree 2:9']);
  expect(ruleset.diagnostics[0]?.message).toContain('the most severe holds');
  expect(ruleset.rules.map((held) => held.mode)).toEqual(mode === undefined ? [] : [mode]);
  expect(ruleset.rules[0]?.policy.file).toBe(['a.policy', 'b.policy'][winner]);
});

test('a rule with an action is more severe than the same rule without; the actions come with it', () => {
  const plain = rule('expression: exec.pid == 1');
  const killing = rule('expression: exec.pid == 1', 'actions: [{kill: {signal: SIGKILL}}]');
  for (const ruleset of [loadAll(plain, killing), loadAll(killing, plain)]) {
    expect(ruleset.rules).toMatchObject([{ mode: 'enforce', actions: [{ action: 'kill' }] }]);
  }
});

test('an override counts, whatever is more severe', () => {
  const deny = (line: string) => rule('expression: exec.pid == 1', 'actions: [{deny: {}}]', line);
  const ruleset = loadAll(deny('mode: enforce'), rule('combine: override', 'mode: monitor'));
  expect(places(ruleset)).toEqual([]);
  expect(ruleset.rules[0]?.mode).toBe('monitor');
});

test('the same rule twice in one file is a mistake, whatever its modes', () => {
  const text = `${rule('expression: exec.pid == 1')}  - id: one\n    expression: exec.pid == 1\n    disabled: true\n`;
  expect(loadAll(text).rules).toEqual([]);
  const twice = `${rule('expression: exec.pid == 1', 'mode: monitor')}  - id: one\n    expression: exec.pid == 1\n`;
  expect(places(loadAll(twice))).toEqual(['error duplicate-id 5:9']);
});
