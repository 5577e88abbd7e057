/** Rules as formulas over tests in negation normal form, in Kleene's three-valued logic. */
import type { Test } from './tests.js';

export type Formula =
  | { readonly kind: 'constant'; readonly value: boolean }
  | Literal
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Formula[] };

export interface Literal {
  readonly kind: 'literal';
  readonly test: Test;
  readonly sign: 'is' | 'is-not';
}

export const always: Formula = { kind: 'constant', value: true };
export const never: Formula = { kind: 'constant', value: false };

/**
 * A conjunction or disjunction without what does not count: constants, operands that stand there twice, a conjunction
 * inside a conjunction. `a and not a` stays: it is unknown while a is.
 */
export function combine(kind: 'and' | 'or', operands: readonly Formula[]): Formula {
  const decisive = kind === 'or';
  const kept: Formula[] = [];
  const literals = new Set<string>();
  const add = (operand: Formula): boolean => {
    if (operand.kind === kind) return operand.operands.every(add);
    if (operand.kind === 'constant') return operand.value !== decisive;
    if (operand.kind === 'literal') {
      const name = `${operand.sign} ${operand.test.key}`;
      if (literals.has(name)) return true;
      literals.add(name);
    }
    kept.push(operand);
    return true;
  };
  if (!operands.every(add)) return { kind: 'constant', value: decisive };
  if (kept.length === 0) return { kind: 'constant', value: !decisive };
  return kept.length === 1 ? kept[0]! : { kind, operands: kept };
}

/** A name for a formula that no other has; the order of operands does not matter. */
export function formulaKey(formula: Formula): string {
  switch (formula.kind) {
    case 'constant':
      return `${formula.value}`;
    case 'literal':
      return `${formula.sign} ${formula.test.key}`;
    case 'and':
    case 'or':
      return `${formula.kind} (${formula.operands.map(formulaKey).sort().join(') (')})`;
  }
}

/** Calls back for each test that stands in it, those of lineage conditions included, perhaps more than once. */
export function eachTest(formula: Formula, visit: (test: Test) => void): void {
  eachLiteral(formula, ({ test }) => {
    visit(test);
    if (test.kind === 'lineage') eachTest(test.condition.formula, visit);
  });
}

/** Calls back for each literal. */
export function eachLiteral(formula: Formula, visit: (literal: Literal) => void): void {
  switch (formula.kind) {
    case 'constant':
      return;
    case 'literal':
      visit(formula);
      return;
    case 'and':
    case 'or':
      for (const operand of formula.operands) eachLiteral(operand, visit);
  }
}
