import { expect, test } from 'vitest';
import { compileEnforceable } from '../../src/compiler/index.js';
import { loadPolicies } from '../../src/policy/index.js';

/** What becomes of one rule beside another that can be enforced. */
function outcome(head: string, ...lines: string[]) {
  const text = [
    head,
    'rules:',
    '  - id: fine',
    '    expression: exec.file.name == "x"',
    '  - id: one',
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n');
  const { ruleset, compiled } = compileEnforceable(loadPolicies([{ file: 'test.policy', text }]));
  expect(compiled.plan.rules.map(({ rule }) => rule.id)).toEqual(ruleset.rules.map(({ id }) => id));
  return {
    rules: ruleset.rules.map(({ id }) => id),
    found: ruleset.diagnostics.map(({ severity, code }) => `${severity} ${code}`),
    ruleset,
  };
}

const userSpace = 'expression: exec.file.name == "x" && exec.file.filesystem == "tmpfs"';
const kill = 'actions: [{kill: {signal: SIGKILL}}]';
const deny = 'actions: [{deny: {}}]';

test.each<[string, string, string[]]>([
  ['deny that user space decides', '', [userSpace, deny]],
  ['deny with a filter', '', ['expression: exec.pid == 1', `actions: [{deny: {}, filter: exec.uid == 0}]`]],
  [
    'a kill on an event that nothing reports, its rule says enforce',
    '',
    ['expression: bpf.cmd == 1', kill, 'mode: enforce'],
  ],
  [
    'a kill on an event that nothing reports, its policy says enforce',
    'mode: enforce',
    ['expression: bpf.cmd == 1', kill],
  ],
  ['a kill of what has ended', 'mode: enforce', ['expression: exit.code == 1', kill]],
])('%s is refused, and the other rule loads', (_, head, lines) => {
  const { rules, found, ruleset } = outcome(head, ...lines);
  expect(found).toEqual(['error cannot-enforce']);
  expect(rules).toEqual(['fine']);
  expect(ruleset.diagnostics[0]).toMatchObject({ file: 'test.policy', line: 5, rule: 'one' });
});

test.each<[string, string, string[], string[]]>([
  [
    'a kill as the reference product writes it only reports, and that is said',
    '',
    ['expression: bpf.cmd == 1', kill],
    ['warning only-reports'],
  ],
  ['in monitor nothing was asked for', 'mode: monitor', [userSpace, deny], []],
  ['a kill after the event is enforcement', 'mode: enforce', [userSpace, kill], []],
  [
    'deny beside kill that comes later',
    '',
    [userSpace, 'actions: [{deny: {}}, {kill: {signal: SIGKILL}}]'],
    ['warning enforced-later'],
  ],
  [
    'a wider scope is carried out',
    'mode: enforce',
    ['expression: exec.file.name == "x"', 'actions: [{kill: {signal: SIGKILL, scope: container}}]'],
    [],
  ],
  [
    'actions that nothing carries out',
    '',
    [
      'expression: exec.file.name == "x"',
      'actions: [{coredump: {process: true}}, {network_filter: {filter: port 53, policy: drop}}]',
    ],
    ['warning action-unavailable', 'warning action-unavailable'],
  ],
  ['what the kernel decides', 'mode: enforce', ['expression: exec.file.name == "x"', deny], []],
])('%s', (_, head, lines, found) => {
  const result = outcome(head, ...lines);
  expect(result.found).toEqual(found);
  expect(result.rules).toEqual(['fine', 'one']);
});
