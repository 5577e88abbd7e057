import { describe, expect, test } from 'vitest';
import { decideLive, type LiveActing } from '../../src/events/live-decision.js';
import type { RuleRun } from '../../src/events/rule-run.js';
import type { Rule } from '../../src/policy/index.js';
import type { Truth } from '../../src/secl/index.js';
import { byKernel, judging, rulesOf } from './support.js';

const rules = rulesOf(`
  - id: watched
    expression: exec.file.name == "a"
    mode: monitor
    actions: [{deny: {}}]
  - id: denied
    expression: exec.file.name == "b"
    mode: enforce
    actions: [{deny: {}}]
  - id: ended
    expression: exec.file.name == "c"
    mode: enforce
    actions: [{kill: {signal: SIGTERM, scope: cgroup}}]
  - id: plain
    expression: exec.file.name == "d"
  - id: quiet
    expression: exec.file.name == "e"
    mode: enforce
    silent: true
    actions: [{kill: {signal: SIGKILL}}]
`).map(byKernel);

function outcome(truths: Record<string, Truth>, acting: LiveActing = 'enforce', changes: Partial<RuleRun> = {}) {
  const sent: string[] = [];
  const run = judging((rule: Rule) => truths[rule.id] ?? false, {
    kill: ({ signal }) => {
      sent.push(signal);
      return { status: 'performed', killedAt: 5n };
    },
    killScope: async ({ scope }) => {
      sent.push(scope);
      return { status: 'performed' };
    },
    ...changes,
  });
  const { verdict, decisive, actions, unknown } = decideLive(rules, run, acting);
  const told = actions.map(({ action, status, rule }) => [rule?.id ?? decisive?.rule.id, action.action, status]);
  return { sent, verdict, decisive: decisive?.rule.id, told, unknown: unknown.map(({ rule }) => rule.id) };
}

describe('a sweep that enforces', () => {
  test('ends what would be refused', () => {
    expect(outcome({ denied: true })).toMatchObject({ sent: ['SIGKILL'], told: [['denied', 'deny', 'performed']] });
  });

  test('sends each signal once, and tells of scopes whichever rule they belong to', () => {
    expect(outcome({ denied: true, ended: true, quiet: true })).toEqual({
      sent: ['SIGKILL', 'SIGTERM', 'cgroup'],
      verdict: 'report',
      decisive: 'denied',
      told: [
        ['denied', 'deny', 'performed'],
        ['ended', 'kill', 'partially_performed'],
      ],
      unknown: [],
    });
  });

  test('acts for a rule that does not tell', () => {
    expect(outcome({ quiet: true, plain: true })).toMatchObject({ sent: ['SIGKILL'], decisive: 'plain', told: [] });
  });

  test.each<[string, Record<string, Truth>, Partial<RuleRun>, string]>([
    ['in mode monitor', { watched: true }, {}, 'monitor'],
    ['whose filter cannot be decided', { denied: true }, { due: () => 'unknown' }, 'not_performed'],
  ])('leaves alone what a rule matches %s', (_, truths, changes, status) => {
    const { sent, told } = outcome(truths, 'enforce', changes);
    expect([sent, told.map(([, , found]) => found)]).toEqual([[], [status]]);
  });

  test('leaves alone what a filter excludes, what is protected and all of its scope, and what is not known', () => {
    expect(outcome({ denied: true }, 'enforce', { due: () => false })).toMatchObject({ sent: [], told: [] });
    const safe: Partial<RuleRun> = { kill: () => ({ status: 'protected' }) };
    expect(outcome({ ended: true }, 'enforce', safe)).toMatchObject({
      sent: [],
      told: [['ended', 'kill', 'protected']],
    });
    const unsure = outcome({ denied: 'unknown' }, 'enforce', { actsOnUnknown: () => true });
    expect(unsure).toMatchObject({ sent: [], verdict: 'none', unknown: ['denied'] });
  });
});

test('a sweep that reports does nothing, and says that of each action', () => {
  expect(outcome({ denied: true, ended: true, watched: true }, 'report')).toMatchObject({
    sent: [],
    decisive: 'denied',
    told: [['denied', 'deny', 'not_performed']],
  });
});
