import { expect, test } from 'vitest';
import { load, places } from './support.js';

test('every key of a rule', () => {
  const ruleset = load(`version: 1.2
type: policy
mode: monitor
rules:
  - id: one
    version: 3
    description: >
      a description
    expression: exec.file.name == "x" && process.ancestors.file.name == "y"
    tags: {threat_score: 4, allow_autosuppression: true, threat_description: text}
    product_tags: ["tactic:TA0040-impact"]
    agent_version: ">= 7.65"
    filters: ['os == "linux"']
    disabled: false
    combine: ""
    every: 10m
    limiter_token: [process.file.path]
    silent: yes
    group_id: group
    priority: 3
    actions:
      - deny: {}
`);
  expect(places(ruleset)).toEqual([]);
  expect(ruleset.rules).toHaveLength(1);
  const { fields, expression: _, ...rule } = ruleset.rules[0]!;
  expect(fields.map(({ name }) => name)).toEqual(['exec.file.name', 'process.ancestors.file.name']);
  expect(rule).toEqual({
    id: 'one',
    version: '3',
    description: 'a description\n',
    source: 'exec.file.name == "x" && process.ancestors.file.name == "y"',
    event: 'exec',
    actions: [{ action: 'deny' }],
    mode: 'monitor',
    modeAskedBy: 'policy',
    tags: { threat_score: '4', allow_autosuppression: 'true', threat_description: 'text' },
    productTags: ['tactic:TA0040-impact'],
    every: 600_000_000_000n,
    limiterToken: ['process.file.path'],
    silent: true,
    groupId: 'group',
    priority: 3,
    policy: { name: 'test.policy', file: 'test.policy', version: '1.2', mode: 'monitor' },
    position: { line: 5, column: 9 },
  });
});

test('every may be nanoseconds, and zero', () => {
  const every = (value: string) => load(`rules: [{id: a, expression: exec.pid == 1, every: ${value}}]`).rules[0]?.every;
  expect(every('1000')).toBe(1000n);
  expect(every('0')).toBe(0n);
  expect(every('~')).toBeUndefined();
});

test('a policy without rules loads', () => {
  const ruleset = load('version: 1\nrules:\n');
  expect(places(ruleset)).toEqual([]);
  expect(ruleset.policies).toHaveLength(1);
});

test('a second document is a warning', () => {
  expect(places(load('rules: []\n---\nrules: []\n'))).toEqual(['warning extra-document 2:1']);
});

test('keys of the reference product without effect are warned about', () => {
  expect(places(load('hooks: []\nrules: []\n'))).toEqual(['warning no-effect 1:1']);
});
