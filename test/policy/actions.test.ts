import { expect, test } from 'vitest';
import { expression, load, marked, places, withRule } from './support.js';

function actionsOf(...actions: string[]) {
  return load(withRule(expression, 'actions:', ...actions.map((action) => `  - ${action}`)));
}

test('every action with its defaults', () => {
  const ruleset = actionsOf(
    'deny: {}',
    'kill: {signal: SIGKILL}',
    'kill: {signal: SIGTERM, scope: container, disable_container_disarmer: yes}',
    'hash: {}',
    'hash: {field: process.file, max_file_size: 1000}',
    'log: {level: info, message: hello}',
    'coredump: {process: true}',
    'network_filter: {filter: port 53, policy: drop, scope: cgroup}',
  );
  expect(places(ruleset)).toEqual([]);
  const kill = { action: 'kill', disableContainerDisarmer: false, disableExecutableDisarmer: false };
  expect(ruleset.rules[0]?.actions).toEqual([
    { action: 'deny' },
    { ...kill, signal: 'SIGKILL', signalNumber: 9, scope: 'process' },
    { ...kill, signal: 'SIGTERM', signalNumber: 15, scope: 'container', disableContainerDisarmer: true },
    { action: 'hash' },
    { action: 'hash', field: 'process.file', maxFileSize: 1000 },
    { action: 'log', level: 'info', message: 'hello' },
    { action: 'coredump', process: true, mount: false, dentry: false, noCompression: false },
    { action: 'network_filter', packets: 'port 53', policy: 'drop', scope: 'cgroup' },
  ]);
});

test('the filter of an action is checked and kept', () => {
  const [rule] = actionsOf('{filter: exec.uid == 0, deny: {}}').rules;
  expect(rule?.actions).toMatchObject([
    { action: 'deny', filter: { source: 'exec.uid == 0', expression: { node: 'compare' } } },
  ]);
});

test.each<[string, string, string, string]>([
  ['nothing', '{}', 'error action 6:9', '{}'],
  ['two things', '{deny: {}, kill: {signal: SIGKILL}}', 'error action 6:9', '{deny: {}, kill: {signal: SIGKILL}}'],
  ['deny without settings', 'deny:', 'error action 6:9', 'deny:'],
  ['kill without a signal', 'kill: {scope: process}', 'error action 6:9', 'kill'],
  ['a signal that is none', 'kill: {signal: SIGKIL}', 'error action 6:24', 'SIGKIL'],
  ['a scope that is none', 'kill: {signal: SIGKILL, scope: host}', 'error wrong-value 6:40', 'host'],
  ['a log without a level', 'log: {message: x}', 'error action 6:9', 'log'],
  ['a core dump of nothing', 'coredump: {process: false}', 'error action 6:9', 'coredump'],
  ['a packet filter without one', 'network_filter: {policy: drop}', 'error action 6:9', 'network_filter'],
  ['a hash of no file', 'hash: {field: exec.args}', 'error unknown-field 6:23', 'exec.args'],
  ['a hash of another event', 'hash: {field: open.file}', 'error event-mix 6:23', 'open.file'],
  ['a filter that is wrong', '{deny: {}, filter: exec.uid == "a"}', 'error type 6:40', '"a"'],
  ['a filter about another event', '{deny: {}, filter: open.flags > 0}', 'error event-mix 6:10', 'deny'],
])('%s is refused with its rule', (_, action, place, mark) => {
  const ruleset = actionsOf(action);
  expect(places(ruleset)).toEqual([place]);
  expect(marked(ruleset)).toEqual([mark]);
  expect(ruleset.rules).toEqual([]);
});

test('deny belongs to exec', () => {
  const ruleset = load(withRule('expression: open.file.name == "x"', 'actions: [{deny: {}}]'));
  expect(places(ruleset)).toEqual(['error deny-event 5:16']);
});

test('a hash in a rule about another event needs its field', () => {
  const ruleset = load(withRule('expression: connect.addr.port == 22', 'actions: [{hash: {}}]'));
  expect(places(ruleset)).toEqual(['error action 5:16']);
});

test('the mode of a rule, of its policy, and of neither', () => {
  const rule = (mode: string) => withRule(expression, mode, 'actions: [{deny: {}}]');
  const modeOf = (text: string) => load(text).rules[0]?.mode;
  expect(modeOf(rule(''))).toBe('enforce');
  expect(modeOf(rule('mode: monitor'))).toBe('monitor');
  expect(modeOf(`mode: monitor\n${rule('')}`)).toBe('monitor');
  expect(modeOf(`mode: monitor\n${rule('mode: enforce')}`)).toBe('enforce');
  expect(modeOf(`mode: enforce\n${rule('mode: monitor')}`)).toBe('monitor');
  expect(modeOf(`mode: enforce\n${withRule(expression)}`)).toBe('monitor');
});
