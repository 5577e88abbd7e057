import { describe, expect, test } from 'vitest';
import { planRules } from '../../src/compiler/index.js';
import { deny, kill, type RuleOptions, rule, ruleset } from './support.js';

function plan(expression: string, options: RuleOptions = {}) {
  return planRules(ruleset(rule('one', expression, options))).rules[0]!;
}

describe('where a rule decides', () => {
  test.each<[string, string, RuleOptions, string, string]>([
    ['a deny on what is settled before', 'exec.args =~ "*pool*"', {}, 'kernel-before-exec', 'refuse'],
    ['a deny on the command name', 'exec.comm == "xmrig"', {}, 'kernel-at-exec', 'kill'],
    ['a deny on an effective id', 'exec.euid == 0 && exec.uid != 0', {}, 'kernel-at-exec', 'kill'],
    ['a kill', 'exec.args =~ "*pool*"', { actions: [kill] }, 'kernel-at-exec', 'kill'],
    ['a report', 'exec.args =~ "*pool*"', { actions: [] }, 'kernel-at-exec', 'report'],
    ['a monitored deny', 'exec.args =~ "*pool*"', { mode: 'monitor' }, 'kernel-before-exec', 'report'],
    ['a deny on the parent', 'process.parent.file.name == "sh"', {}, 'kernel-before-exec', 'refuse'],
    ['a kill on ancestors', 'process.ancestors.argv == "x"', { actions: [kill] }, 'kernel-at-exec', 'kill'],
    [
      'one ancestor',
      'process.ancestors[A].argv0 == "x" && process.ancestors[A].envs == "Y"',
      {},
      'kernel-before-exec',
      'refuse',
    ],
    ['a deny on the container', 'exec.container.id == ""', {}, 'kernel-before-exec', 'refuse'],
    ['a deny on what changes above', 'process.parent.comm == "sh"', {}, 'user-space', 'report'],
    ['a kill on what changes above', 'process.ancestors.comm == "sh"', { actions: [kill] }, 'user-space', 'kill-after'],
    ['a register', 'process.ancestors[A].comm == "sh" && process.ancestors[A].uid == 0', {}, 'user-space', 'report'],
    ['tags of the container', 'exec.container.tags == "x"', { actions: [kill] }, 'waiting', 'report'],
    ['arithmetic', 'exec.uid + 1 > exec.gid', {}, 'user-space', 'report'],
    ['another kind of event', 'open.file.path == "/x"', { actions: [kill] }, 'waiting', 'report'],
    ['an exit: what has ended is not killed', 'exit.cause == 1', { actions: [kill] }, 'user-space', 'report'],
  ])('%s', (_, expression, options, place, act) => {
    expect(plan(expression, options)).toMatchObject({ place, act });
  });

  test('a part that the kernel can decide is a filter in front', () => {
    expect(plan('exec.comm == "x" && process.parent.comm == "y"').prefilter).toBe(true);
    expect(plan('exec.comm == "x" || process.parent.comm == "y"').prefilter).toBeUndefined();
    expect(plan('!(exec.comm != "x" || process.parent.comm == "y")').prefilter).toBe(true);
  });
});

describe('why', () => {
  test('names the field that is not read', () => {
    expect(plan('exec.comm == "x" && process.parent.comm == "y"').why).toMatch('process.parent.comm');
  });

  test('names the expression that is too large', () => {
    const { place, why } = plan('exec.args =~ r"(a|b)[0-9]?a(a|b){14}c"');
    expect(place).toBe('user-space');
    expect(why).toMatch('(a|b){14}');
  });

  test('says what a monitored rule would do', () => {
    const planned = plan('exec.args =~ "*pool*"', { mode: 'monitor' });
    expect(planned.inEnforce).toBe('refuse');
    expect(planned.why).toMatch('would refuse');
  });

  test('says that a deny comes too late in user space', () => {
    expect(plan('process.parent.comm == "sh"', { actions: [deny] }).why).toMatch('cannot be refused');
  });

  test('says that a wider kill goes on in user space', () => {
    expect(plan('exec.comm == "x"', { actions: [{ ...kill, scope: 'cgroup' }] }).why).toMatch('cgroup');
  });
});

test('the plan lists the passes over each stream', () => {
  const { passes, bytes } = planRules(
    ruleset(
      rule('a', 'exec.args =~ "*x *" && exec.argv == "y"'),
      rule('b', 'exec.args =~ r"[0-9]x"'),
      rule('c', 'exec.file.path =~ "/tmp/**"'),
    ),
  );
  expect(passes.map(({ stream, automata }) => [stream, automata.length])).toEqual([
    ['path', 1],
    ['args', 1],
  ]);
  expect(bytes).toBeGreaterThan(
    passes.flatMap(({ automata }) => automata).reduce((sum, automaton) => sum + automaton.bytes, 0),
  );
});

test('words within the joined arguments are words of each argument, where all of them can', () => {
  const kinds = (...texts: string[]) =>
    planRules(ruleset(...texts.map((text, n) => rule(`r${n}`, text)))).passes.map(({ automata }) =>
      automata.map(({ kind }) => kind).join(),
    );
  const elements = 'exec.argv == "y"';
  expect(kinds('exec.args =~ "*x*"', elements)).toEqual(['words of each argument']);
  expect(kinds('exec.args =~ "*x*"')).toEqual(['words of the joined arguments']);
  // A space may be the border, the ends are those of all arguments together, and pieces may lie in different ones.
  for (const apart of ['*x y*', 'x*', '*x', '*x*y*']) {
    expect([apart, kinds(`exec.args in [~"*x*", ~"${apart}"]`, elements)]).toEqual([apart, ['words and patterns']]);
  }
});
