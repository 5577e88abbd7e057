import { describe, expect, test } from 'vitest';
import { decide } from '../../src/events/decision.js';
import type { RuleRun } from '../../src/events/rule-run.js';
import type { KernelRecord } from '../../src/kernel/types.js';
import type { Truth } from '../../src/secl/index.js';
import { byKernel, byUserSpace, fourRules, imageOf, judging, record, rulesOf } from './support.js';

const rules = rulesOf(fourRules);
const [monitored, plain, killer, denier] = rules.map(byKernel) as [
  ReturnType<typeof byKernel>,
  ReturnType<typeof byKernel>,
  ReturnType<typeof byKernel>,
  ReturnType<typeof byKernel>,
];
const image = imageOf([monitored, plain, killer, denier]);
const never = judging(() => {
  throw new Error('the kernel decides these');
});

describe('the rule that decided', () => {
  test.each([
    ['an enforced deny comes before all', [0, 1, 2, 3], 'denier'],
    ['then an enforced kill', [0, 1, 2], 'killer'],
    ['then the first of the others', [0, 1], 'first_monitor'],
    ['in rule order', [1], 'plain'],
  ])('%s', (_, matching, expected) => {
    expect(decide(record({ rules: matching }), image, never)?.decisive?.rule.id).toBe(expected);
  });

  test('an unknown rule decides only when none holds', () => {
    const some = decide(record({ rules: [1], unknownRules: [3] }), image, never)!;
    expect(some.decisive).toBe(plain);
    expect(some.unknown).toEqual([denier]);
    const none = decide(record({ verdict: 'unknown', unknownRules: [1, 3] }), image, never)!;
    expect(none.decisive).toBe(denier);
    expect(none.verdict).toBe('unknown');
  });
});

type Changes = Omit<Partial<KernelRecord>, 'rules' | 'unknownRules'>;
type Numbers = { readonly rules?: readonly number[]; readonly unknownRules?: readonly number[] };
type Case = readonly [string, Changes & Numbers, readonly (readonly [string, string])[]];

describe('what became of its actions', () => {
  const statuses = (changes: Parameters<typeof record>[0], of = image) =>
    decide(
      record(changes),
      of,
      judging(() => true),
    )!.actions.map(({ action, status }) => [action.action, status]);

  test.each([
    ['refused', { rules: [3], verdict: 'refuse', stage: 'refuse' }, [['deny', 'performed']]],
    ['killed', { rules: [3], verdict: 'kill', signal: 9 }, [['deny', 'performed']]],
    ['a kill whose scope is wider', { rules: [2], verdict: 'kill', signal: 9 }, [['kill', 'partially_performed']]],
    ['monitored', { rules: [0], verdict: 'report' }, [['deny', 'monitor']]],
    ['no action', { rules: [1], verdict: 'report' }, []],
    ['spared', { rules: [3], verdict: 'protected' }, [['deny', 'protected']]],
    ['decided by the shadow', { rules: [3], verdict: 'report', shadow: true }, [['deny', 'shadow']]],
    ['unknown and acted on', { unknownRules: [3], verdict: 'kill', signal: 9 }, [['deny', 'performed']]],
    ['unknown and let go', { unknownRules: [3], verdict: 'unknown' }, [['deny', 'not_performed']]],
  ] as const satisfies Case[])('%s', (_, { rules = [], unknownRules = [], ...changes }: Case[1], expected) => {
    expect(statuses({ ...changes, rules: [...rules], unknownRules: [...unknownRules] })).toEqual(expected);
  });

  test('what is wider than the process is ended whichever rule asks, once the process was acted on', () => {
    const ended = (
      changes: Parameters<typeof record>[0],
      of = image,
      status: 'performed' | 'protected' = 'performed',
    ) => {
      const scopes: string[] = [];
      const run = judging(() => true, {
        kill: () => ({ status }),
        killScope: async ({ scope }) => {
          scopes.push(scope);
          return { status: 'performed' };
        },
      });
      const { actions } = decide(record(changes), of, run)!;
      return [scopes, actions.map(({ rule, scope }) => [rule?.id, scope !== undefined])];
    };
    expect(ended({ rules: [2], verdict: 'kill' })).toEqual([['container'], [[undefined, true]]]);
    expect(ended({ rules: [2, 3], verdict: 'refuse' })).toEqual([
      ['container'],
      [
        [undefined, false],
        ['killer', true],
      ],
    ]);
    expect(ended({ rules: [2], verdict: 'protected' })).toEqual([[], [[undefined, false]]]);
    expect(ended({ rules: [2], verdict: 'report' })).toEqual([[], [[undefined, false]]]);
    expect(ended({ rules: [2], verdict: 'kill', shadow: true })).toEqual([[], [[undefined, false]]]);
    const late = imageOf(image.rules.map(({ rule }) => byUserSpace(rule)));
    expect(ended({ rules: [2], verdict: 'report' }, late)).toEqual([['container'], [[undefined, true]]]);
    expect(ended({ rules: [2], verdict: 'report' }, late, 'protected')).toEqual([[], [[undefined, false]]]);
  });

  test('a refused exec leaves nothing to kill', () => {
    const [both] = rulesOf(`
  - id: both
    expression: exec.file.name == "tool"
    mode: enforce
    actions: [{deny: {}}, {kill: {signal: SIGKILL, scope: process}}]
`);
    const of = imageOf([byKernel(both!)]);
    expect(statuses({ rules: [0], verdict: 'refuse', stage: 'refuse' }, of)).toEqual([
      ['deny', 'performed'],
      ['kill', 'not_needed'],
    ]);
  });

  test('a deny that user space decides comes too late', () => {
    expect(statuses({ rules: [0] }, imageOf([byUserSpace(denier.rule)]))).toEqual([['deny', 'not_performed']]);
  });
});

describe('rules that user space decides', () => {
  const mixed = imageOf([byUserSpace(plain.rule), byKernel(denier.rule)]);

  test('one that holds after all is matched', () => {
    expect(
      decide(
        record({ rules: [0] }),
        mixed,
        judging(() => true),
      )?.matched.map(({ rule }) => rule.id),
    ).toEqual(['plain']);
  });

  test('one that does not hold leaves nothing to report', () => {
    expect(
      decide(
        record({ rules: [0] }),
        mixed,
        judging(() => false),
      ),
    ).toBeUndefined();
  });

  test('one the evaluator cannot decide either is an event that says so', () => {
    const decision = decide(
      record({ rules: [0] }),
      mixed,
      judging(() => 'unknown'),
    )!;
    expect(decision.verdict).toBe('unknown');
    expect(decision.unknown.map(({ rule }) => rule.id)).toEqual(['plain']);
  });

  test('one the kernel could not read is an event while nobody can decide it', () => {
    expect(
      decide(
        record({ verdict: 'unknown', unknownRules: [0] }),
        mixed,
        judging(() => 'unknown'),
      )?.verdict,
    ).toBe('unknown');
    expect(
      decide(
        record({ verdict: 'unknown', unknownRules: [0] }),
        mixed,
        judging(() => false),
      ),
    ).toBeUndefined();
    expect(
      decide(
        record({ verdict: 'unknown', unknownRules: [0] }),
        mixed,
        judging(() => true),
      )?.verdict,
    ).toBe('report');
  });

  test('when it falls away, an unknown rule of the kernel remains', () => {
    const decision = decide(
      record({ rules: [0], unknownRules: [1] }),
      mixed,
      judging(() => false),
    )!;
    expect(decision.verdict).toBe('unknown');
    expect(decision.matched).toEqual([]);
  });

  test('what the kernel did stays done', () => {
    expect(
      decide(
        record({ verdict: 'kill', rules: [0, 1] }),
        mixed,
        judging(() => false),
      )?.verdict,
    ).toBe('kill');
  });
});

test('a record of an image that is forgotten keeps its rule numbers', () => {
  const decision = decide(record({ rules: [3], unknownRules: [5] }), undefined, never)!;
  expect(decision).toMatchObject({ verdict: 'report', unresolved: [3, 5], decisive: undefined, actions: [] });
});

test('an exec that was not seen is an event without any rule', () => {
  expect(decide(record({ stage: 'unseen', verdict: 'unseen' }), image, never)?.verdict).toBe('unseen');
});

describe('a kill after the event', () => {
  const [first, second, filtered] = rulesOf(`
  - {id: first, expression: 'exec.file.name == "tool"', mode: enforce, actions: [{kill: {signal: SIGTERM}}]}
  - {id: second, expression: 'exec.file.name == "tool"', mode: monitor, actions: [{kill: {signal: SIGKILL}}]}
  - {id: filtered, expression: 'exec.file.name == "tool"', mode: enforce, actions: [{kill: {signal: SIGINT}, filter: 'exec.uid == 0'}]}
`);
  const of = imageOf([byUserSpace(first!), byUserSpace(second!), byKernel(filtered!)]);

  /** Signals sent, and what the event says of it. */
  function killed(changes: Partial<KernelRecord>, truth: Truth = true, also: Partial<RuleRun> = {}) {
    const sent: string[] = [];
    const run = judging(() => truth, {
      kill: ({ signal }) => {
        sent.push(signal);
        return { status: 'performed', killedAt: 6n };
      },
      ...also,
    });
    const decision = decide(record(changes), of, run)!;
    return { sent, id: decision.decisive?.rule.id, statuses: decision.actions.map(({ status }) => status) };
  }

  test('is for rules that enforce, and for the filtered actions of rules that the kernel decides', () => {
    expect(killed({ rules: [0, 1, 2] })).toEqual({ sent: ['SIGTERM', 'SIGINT'], id: 'first', statuses: ['performed'] });
    expect(killed({ rules: [1] })).toEqual({ sent: [], id: 'second', statuses: ['monitor'] });
    expect(killed({ rules: [2] })).toEqual({ sent: ['SIGINT'], id: 'filtered', statuses: ['performed'] });
  });

  test('is not when its filter says no; the event does not list it', () => {
    expect(killed({ rules: [2] }, true, { due: () => false })).toEqual({ sent: [], id: 'filtered', statuses: [] });
    expect(killed({ rules: [2] }, true, { due: () => 'unknown' }).statuses).toEqual(['not_performed']);
  });

  test.each(['refuse', 'kill'] as const)('has nothing to do where the kernel said %s', (verdict) => {
    expect(killed({ rules: [0], verdict })).toEqual({ sent: [], id: 'first', statuses: ['not_needed'] });
  });

  test('is never for an image on trial', () => {
    expect(killed({ rules: [0], shadow: true })).toEqual({ sent: [], id: 'first', statuses: ['shadow'] });
  });

  test('of a rule that is unknown is for whoever asks for it', () => {
    expect(killed({ rules: [0] }, 'unknown')).toEqual({ sent: [], id: 'first', statuses: ['not_performed'] });
    expect(killed({ rules: [0] }, 'unknown', { actsOnUnknown: () => true }).sent).toEqual(['SIGTERM']);
  });
});

test('rules are asked by priority, then in their order; what holds is told at once', () => {
  const three = rulesOf(`
  - {id: low, expression: 'exec.uid == 1'}
  - {id: high, expression: 'exec.uid == 1', priority: 5}
  - {id: last, expression: 'exec.uid == 1'}
`);
  const asked: string[] = [];
  const run = judging(({ id }) => asked.push(id) > 0, { hold: ({ id }) => asked.push(`${id} holds`) });
  const decision = decide(record({ rules: [0, 1, 2] }), imageOf(three.map(byUserSpace)), run)!;
  expect(asked).toEqual(['high', 'high holds', 'low', 'low holds', 'last', 'last holds']);
  expect(decision.matched.map(({ rule }) => rule.id)).toEqual(['low', 'high', 'last']);
});

test('of the end of a process its own rules are asked, and none of those about execs', () => {
  const [ends] = rulesOf("  - {id: ends, expression: 'exit.code > 0'}\n");
  const of = { ...image, exitRules: [byUserSpace(ends!)] };
  const exit = record({ event: 'exit', verdict: 'none', rules: [0] });
  expect(
    decide(
      exit,
      of,
      judging(() => true),
    )?.matched.map(({ rule }) => rule.id),
  ).toEqual(['ends']);
  expect(
    decide(
      exit,
      of,
      judging(() => false),
    ),
  ).toBeUndefined();
  expect(
    decide(
      exit,
      image,
      judging(() => true),
    ),
  ).toBeUndefined();
});

test('a silent rule decides an event only when no other rule does', () => {
  const [silent, loud] = rulesOf(`
  - {id: silent, expression: 'exec.uid == 1', mode: enforce, silent: true, actions: [{deny: {}}]}
  - {id: loud, expression: 'exec.uid == 1'}
`);
  const of = imageOf([byKernel(silent!), byKernel(loud!)]);
  expect(decide(record({ rules: [0, 1] }), of, never)?.decisive?.rule.id).toBe('loud');
  expect(decide(record({ rules: [0] }), of, never)?.decisive?.rule.id).toBe('silent');
});
