/** Formulas as boolean programs in postfix order, for rules that would need too many clauses. */
import type { LiteralNumber } from './clauses.js';
import type { Formula } from './formula.js';
import { step } from './image/layout.js';
import { programDepth, programSteps } from './limits.js';

interface Piece {
  readonly steps: readonly number[];
  /** Most values on the stack while it runs. */
  readonly depth: number;
}

/** The steps of a formula, or why it has none. */
export function programOf(formula: Formula, number: LiteralNumber): readonly number[] | string {
  const { steps, depth } = piece(formula, number);
  if (depth > programDepth.value) return `its boolean program needs a stack of more than ${programDepth.value} values`;
  if (steps.length > programSteps.value) return `its boolean program has more than ${programSteps.value} steps`;
  return steps;
}

function piece(formula: Formula, number: LiteralNumber): Piece {
  switch (formula.kind) {
    case 'constant':
      return { steps: [formula.value ? step.true : step.false], depth: 1 };
    case 'literal': {
      const literal = number(formula);
      const atom = literal >> 1;
      return { steps: literal % 2 === 0 ? [atom] : [atom, step.not], depth: 1 };
    }
    case 'and':
    case 'or': {
      // The deepest first: its stack is free again when the others run. Ties by their steps, so that order does not matter.
      const pieces = formula.operands.map((operand) => piece(operand, number));
      pieces.sort((a, b) => b.depth - a.depth || a.steps.length - b.steps.length || compareSteps(a.steps, b.steps));
      const operator = formula.kind === 'and' ? step.and : step.or;
      const steps = pieces.flatMap((operand, at) => (at === 0 ? operand.steps : [...operand.steps, operator]));
      const depth = Math.max(...pieces.map((operand, at) => operand.depth + (at === 0 ? 0 : 1)));
      return { steps, depth };
    }
  }
}

function compareSteps(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at === -1 ? 0 : a[at]! - b[at]!;
}
