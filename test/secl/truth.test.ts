import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../../src/secl/catalogue/index.js';
import { join, not } from '../../src/secl/check/build.js';
import { evaluate } from '../../src/secl/evaluate.js';
import type { Event } from '../../src/secl/event.js';
import type { Expression } from '../../src/secl/expression.js';
import { every, negate, some, type Truth } from '../../src/secl/truth.js';
import { unknown } from '../../src/secl/value.js';

const truths: readonly Truth[] = [true, false, 'unknown'];

describe('Kleene logic', () => {
  test('the tables of and and or', () => {
    const and = (a: Truth, b: Truth) => every([a, b], (x) => x);
    const or = (a: Truth, b: Truth) => some([a, b], (x) => x);
    for (const a of truths) {
      expect(and(a, false)).toBe(false);
      expect(and(a, true)).toBe(a);
      expect(or(a, true)).toBe(true);
      expect(or(a, false)).toBe(a);
      expect(negate(negate(a))).toBe(a);
      for (const b of truths) {
        expect(and(a, b)).toBe(and(b, a));
        expect(negate(and(a, b))).toBe(or(negate(a), negate(b)));
      }
    }
    expect(and('unknown', 'unknown')).toBe('unknown');
    expect(or('unknown', 'unknown')).toBe('unknown');
  });
});

const flags = ['process.is_kworker', 'process.is_thread', 'process.is_exec'];

function leaf(at: number): Expression {
  return { node: 'flag', field: { field: catalogue.find(flags[at]!)!, start: 0, end: 0 } };
}

const { tree } = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.nat(2).map(leaf),
    fc.boolean().map((value): Expression => ({ node: 'constant', value })),
    tie('tree').map((operand): Expression => ({ node: 'not', operand })),
    fc
      .tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(tie('tree'), { minLength: 1, maxLength: 3 }))
      .map(([node, operands]): Expression => ({ node, operands })),
  ),
}));

function eventOf(values: readonly Truth[]): Event {
  return {
    get: (field) => {
      const value = values[flags.indexOf(field.name)]!;
      return value === 'unknown' ? unknown : value;
    },
    iterate: () => ({ elements: [], complete: true }),
  };
}

const values = fc.tuple(...flags.map(() => fc.constantFrom(...truths)));
const truthOf = (expression: Expression, known: readonly Truth[]) => evaluate(expression, eventOf(known), { now: 0n });

describe('evaluation', () => {
  test('folding constants and joining changes no truth', () => {
    const rebuilt = (expression: Expression): Expression => {
      switch (expression.node) {
        case 'not':
          return not(rebuilt(expression.operand));
        case 'and':
        case 'or':
          return join(expression.node, expression.operands.map(rebuilt));
        default:
          return expression;
      }
    };
    fc.assert(
      fc.property(tree, values, (expression, known) => {
        expect(truthOf(rebuilt(expression), known)).toBe(truthOf(expression, known));
      }),
      { numRuns: 2000 },
    );
  });

  test('De Morgan: the negation pushed inwards is the negation', () => {
    const negated = (expression: Expression): Expression => {
      switch (expression.node) {
        case 'and':
          return { node: 'or', operands: expression.operands.map(negated) };
        case 'or':
          return { node: 'and', operands: expression.operands.map(negated) };
        case 'not':
          return expression.operand;
        default:
          return { node: 'not', operand: expression };
      }
    };
    fc.assert(
      fc.property(tree, values, (expression, known) => {
        expect(truthOf(negated(expression), known)).toBe(negate(truthOf(expression, known)));
      }),
      { numRuns: 2000 },
    );
  });

  test('learning a fact never turns a known truth', () => {
    fc.assert(
      fc.property(tree, values, values, (expression, known, more) => {
        const before = truthOf(expression, known);
        const learnt = known.map((value, at) => (value === 'unknown' ? more[at]! : value));
        if (before !== 'unknown') expect(truthOf(expression, learnt)).toBe(before);
      }),
      { numRuns: 2000 },
    );
  });
});
