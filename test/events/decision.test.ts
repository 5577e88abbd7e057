import { describe, expect, test } from 'vitest';
import { decide } from '../../src/events/decision.js';
import type { KernelRecord } from '../../src/kernel/types.js';
import { byKernel, byUserSpace, fourRules, imageOf, record, rulesOf } from './support.js';

const rules = rulesOf(fourRules);
const [monitored, plain, killer, denier] = rules.map(byKernel) as [
  ReturnType<typeof byKernel>,
  ReturnType<typeof byKernel>,
  ReturnType<typeof byKernel>,
  ReturnType<typeof byKernel>,
];
const image = imageOf([monitored, plain, killer, denier]);
const never = () => {
  throw new Error('the kernel decides these');
};

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
    decide(record(changes), of, () => true)!.actions.map(({ action, status }) => [action.action, status]);

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

  test('user space does not act on what it decides', () => {
    expect(statuses({ rules: [0] }, imageOf([byUserSpace(denier.rule)]))).toEqual([['deny', 'not_performed']]);
  });
});

describe('rules that user space decides', () => {
  const mixed = imageOf([byUserSpace(plain.rule), byKernel(denier.rule)]);

  test('one that holds after all is matched', () => {
    expect(decide(record({ rules: [0] }), mixed, () => true)?.matched.map(({ rule }) => rule.id)).toEqual(['plain']);
  });

  test('one that does not hold leaves nothing to report', () => {
    expect(decide(record({ rules: [0] }), mixed, () => false)).toBeUndefined();
  });

  test('one the evaluator cannot decide either is no event of its own', () => {
    expect(decide(record({ rules: [0] }), mixed, () => 'unknown')).toBeUndefined();
  });

  test('one the kernel could not read is an event while nobody can decide it', () => {
    expect(decide(record({ verdict: 'unknown', unknownRules: [0] }), mixed, () => 'unknown')?.verdict).toBe('unknown');
    expect(decide(record({ verdict: 'unknown', unknownRules: [0] }), mixed, () => false)).toBeUndefined();
    expect(decide(record({ verdict: 'unknown', unknownRules: [0] }), mixed, () => true)?.verdict).toBe('report');
  });

  test('when it falls away, an unknown rule of the kernel remains', () => {
    const decision = decide(record({ rules: [0], unknownRules: [1] }), mixed, () => false)!;
    expect(decision.verdict).toBe('unknown');
    expect(decision.matched).toEqual([]);
  });

  test('what the kernel did stays done', () => {
    expect(decide(record({ verdict: 'kill', rules: [0, 1] }), mixed, () => false)?.verdict).toBe('kill');
  });
});

test('a record of an image that is forgotten keeps its rule numbers', () => {
  const decision = decide(record({ rules: [3], unknownRules: [5] }), undefined, never)!;
  expect(decision).toMatchObject({ verdict: 'report', unresolved: [3, 5], decisive: undefined, actions: [] });
});

test('an exec that was not seen is an event without any rule', () => {
  expect(decide(record({ stage: 'unseen', verdict: 'unseen' }), image, never)?.verdict).toBe('unseen');
});
