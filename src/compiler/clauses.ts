/**
 * Formulas as clauses: a disjunction of conjunctions of literals. Distribution and absorption hold in Kleene's logic;
 * dropping `a and not a` does not, so such clauses stay.
 */
import type { Formula } from './formula.js';
import { clausesPerRule, literalsPerClause } from './limits.js';

/** Literals as numbers: twice the atom, plus one when it is negated. Ascending, none twice. */
export type Clause = readonly number[];

export type LiteralNumber = (literal: Extract<Formula, { kind: 'literal' }>) => number;

/** How many clauses may exist on the way, before absorption makes them fewer. */
const working = clausesPerRule.value * 8;

/** The clauses of a formula, or nothing when there are too many or one is too long. No clauses: it never holds. */
export function clausesOf(formula: Formula, number: LiteralNumber): readonly Clause[] | undefined {
  const clauses = distribute(formula, number);
  if (clauses === undefined || clauses.length > clausesPerRule.value) return undefined;
  if (clauses.some((clause) => clause.length > literalsPerClause.value)) return undefined;
  return [...clauses].sort(compare);
}

export function literalNumber(atom: number, sign: 'is' | 'is-not'): number {
  return atom * 2 + (sign === 'is' ? 0 : 1);
}

function distribute(formula: Formula, number: LiteralNumber): readonly Clause[] | undefined {
  switch (formula.kind) {
    case 'constant':
      return formula.value ? [[]] : [];
    case 'literal':
      return [[number(formula)]];
    case 'or': {
      const all: Clause[] = [];
      for (const operand of formula.operands) {
        const clauses = distribute(operand, number);
        if (clauses === undefined) return undefined;
        all.push(...clauses);
        if (all.length > working) return undefined;
      }
      return absorb(all);
    }
    case 'and': {
      let all: readonly Clause[] = [[]];
      for (const operand of formula.operands) {
        const clauses = distribute(operand, number);
        if (clauses === undefined || all.length * clauses.length > working) return undefined;
        all = absorb(all.flatMap((left) => clauses.map((right) => union(left, right))));
      }
      return all;
    }
  }
}

function union(left: Clause, right: Clause): Clause {
  return [...new Set([...left, ...right])].sort((a, b) => a - b);
}

/** Leaves out clauses that contain another: where they hold, the other does. */
function absorb(clauses: readonly Clause[]): readonly Clause[] {
  const kept: Set<number>[] = [];
  const result: Clause[] = [];
  for (const clause of [...clauses].sort((a, b) => a.length - b.length)) {
    const literals = new Set(clause);
    if (kept.some((shorter) => [...shorter].every((literal) => literals.has(literal)))) continue;
    kept.push(literals);
    result.push(clause);
  }
  return result;
}

/** By their literals, in order. */
export function compare(a: Clause, b: Clause): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}
