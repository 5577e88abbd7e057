import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clausesOf, literalNumber } from '../../src/compiler/clauses.js';
import { combine, type Formula, type Literal } from '../../src/compiler/formula.js';
import { step } from '../../src/compiler/image/layout.js';
import { clausesPerRule, literalsPerClause, programDepth, programSteps } from '../../src/compiler/limits.js';
import { programOf } from '../../src/compiler/program.js';
import { integerTest, type Test } from '../../src/compiler/tests.js';
import type { Truth } from '../../src/secl/index.js';
import { runs } from './arbitraries.js';

const field = { kind: 'integer', role: 'process', fact: 'uid', mask: -1n, settled: 'before-exec' } as const;
const tests = Array.from(
  { length: 5000 },
  (_, at): Test => integerTest(field, -1n, { operator: 'in', constants: [BigInt(at)] }),
);
const numbers = new Map(tests.map(({ key }, at) => [key, at]));
const number = ({ test: { key }, sign }: Literal) => literalNumber(numbers.get(key)!, sign);

function is(at: number): Formula {
  return { kind: 'literal', test: tests[at]!, sign: 'is' };
}
function not(at: number): Formula {
  return { kind: 'literal', test: tests[at]!, sign: 'is-not' };
}
const and = (...operands: Formula[]): Formula => ({ kind: 'and', operands });
const or = (...operands: Formula[]): Formula => ({ kind: 'or', operands });

/** Five tests, their truths by number. */
const literal = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.boolean()).map(([at, sign]) => (sign ? is(at) : not(at)));
const formula: fc.Arbitrary<Formula> = fc.letrec<{ tree: Formula }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 2, arbitrary: literal },
    { weight: 1, arbitrary: fc.boolean().map((value): Formula => ({ kind: 'constant', value })) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(tie('tree'), { minLength: 1, maxLength: 3 }))
        .map(([kind, operands]): Formula => ({ kind, operands })),
    },
  ),
})).tree;
const truths = fc.array(fc.constantFrom<Truth>(true, false, 'unknown'), { minLength: 5, maxLength: 5 });

const rank = (truth: Truth) => (truth === true ? 2 : truth === 'unknown' ? 1 : 0);
const ranked = (at: number): Truth => (at === 2 ? true : at === 1 ? 'unknown' : false);
const every = (list: readonly Truth[]) => ranked(Math.min(2, ...list.map(rank)));
const some = (list: readonly Truth[]) => ranked(Math.max(0, ...list.map(rank)));
const negate = (truth: Truth) => ranked(2 - rank(truth));

/** Kleene's logic, straight from the tables. */
function evaluate(tree: Formula, of: readonly Truth[]): Truth {
  switch (tree.kind) {
    case 'constant':
      return tree.value;
    case 'literal': {
      const truth = of[numbers.get(tree.test.key)!]!;
      return tree.sign === 'is' ? truth : negate(truth);
    }
    case 'and':
      return every(tree.operands.map((operand) => evaluate(operand, of)));
    case 'or':
      return some(tree.operands.map((operand) => evaluate(operand, of)));
  }
}

function runProgram(steps: readonly number[], of: readonly Truth[]): { truth: Truth; depth: number } {
  const stack: Truth[] = [];
  let depth = 0;
  for (const value of steps) {
    if (value === step.and) stack.push(every([stack.pop()!, stack.pop()!]));
    else if (value === step.or) stack.push(some([stack.pop()!, stack.pop()!]));
    else if (value === step.not) stack.push(negate(stack.pop()!));
    else stack.push(value === step.true ? true : value === step.false ? false : of[value]!);
    depth = Math.max(depth, stack.length);
  }
  expect(stack.length).toBe(1);
  return { truth: stack[0]!, depth };
}

describe('clauses', () => {
  test('say what the formula says, in three values', () => {
    fc.assert(
      fc.property(formula, truths, (tree, of) => {
        const clauses = clausesOf(tree, number);
        fc.pre(clauses !== undefined);
        const value = some(
          clauses!.map((clause) => every(clause.map((at) => (at % 2 === 0 ? of[at >> 1]! : negate(of[at >> 1]!))))),
        );
        expect(value).toBe(evaluate(tree, of));
      }),
      runs(2000),
    );
  });

  test('keep a contradiction: it is unknown while its test is', () => {
    expect(clausesOf(and(is(0), not(0)), number)).toEqual([[0, 1]]);
  });

  test('leave out what another clause contains', () => {
    expect(clausesOf(or(and(is(0), is(1)), is(0), and(is(2), is(0))), number)).toEqual([[0]]);
  });

  test('do not depend on the order of operands', () => {
    const one = and(or(is(0), is(1)), or(is(2), not(3)));
    const other = and(or(not(3), is(2)), or(is(1), is(0)));
    expect(clausesOf(one, number)).toEqual(clausesOf(other, number));
  });

  test('end at their budget', () => {
    const wide = (count: number) => or(...Array.from({ length: count }, (_, at) => is(at)));
    expect(clausesOf(wide(clausesPerRule.value), number)).toHaveLength(clausesPerRule.value);
    expect(clausesOf(wide(clausesPerRule.value + 1), number)).toBeUndefined();
    const long = (count: number) => and(...Array.from({ length: count }, (_, at) => is(at)));
    expect(clausesOf(long(literalsPerClause.value), number)).toHaveLength(1);
    expect(clausesOf(long(literalsPerClause.value + 1), number)).toBeUndefined();
  });
});

describe('programs', () => {
  test('say what the formula says, in three values', () => {
    fc.assert(
      fc.property(formula, truths, (tree, of) => {
        const steps = programOf(tree, number);
        expect(typeof steps).not.toBe('string');
        expect(runProgram(steps as number[], of).truth).toBe(evaluate(tree, of));
      }),
      runs(2000),
    );
  });

  test('have a stack for a right-leaning chain of any length', () => {
    let tree = is(0);
    for (let at = 1; at < 200; at++) tree = at % 2 === 0 ? and(is(at), tree) : or(is(at), tree);
    const steps = programOf(tree, number) as number[];
    const all = tests.map((): Truth => true);
    expect(runProgram(steps, all)).toEqual({ truth: true, depth: 2 });
  });

  test('end at their budgets', () => {
    const operands = Array.from({ length: programSteps.value / 2 + 1 }, (_, at) => is(at));
    expect(programOf(or(...operands), number)).toMatch('steps');
    expect(typeof programOf(or(...operands.slice(1)), number)).not.toBe('string');
    // A complete binary tree of n levels needs n + 1 values.
    let at = 0;
    const full = (levels: number, kind: 'and' | 'or'): Formula =>
      levels === 0
        ? is(at++ % 5)
        : {
            kind,
            operands: [
              full(levels - 1, kind === 'and' ? 'or' : 'and'),
              full(levels - 1, kind === 'and' ? 'or' : 'and'),
            ],
          };
    expect(runProgram(programOf(full(6, 'and'), number) as number[], [true, true, true, true, true]).depth).toBe(7);
    expect(programDepth.value).toBeLessThanOrEqual(64);
  });
});

describe('combine', () => {
  test('drops constants and doubles but no contradiction', () => {
    expect(combine('and', [is(0), { kind: 'constant', value: true }, is(0)])).toEqual(is(0));
    expect(combine('and', [is(0), { kind: 'constant', value: false }])).toEqual({ kind: 'constant', value: false });
    expect(combine('and', [is(0), not(0)])).toEqual(and(is(0), not(0)));
    expect(combine('or', [])).toEqual({ kind: 'constant', value: false });
  });
});
