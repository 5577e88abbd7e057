/** The trigger of a clause: the positive test that is most seldom true, so that the clause is seldom tried. */

import type { Matcher } from '../secl/index.js';
import type { Clause } from './clauses.js';
import type { Test } from './tests.js';

/** The atom that triggers a clause, or nothing when all its literals are negated. */
export function triggerOf(clause: Clause, tests: readonly Test[], weights: Map<Test, number>): number | undefined {
  let best: number | undefined;
  let bestWeight = Number.NEGATIVE_INFINITY;
  for (const literal of clause) {
    if (literal % 2 === 1) continue;
    const atom = literal >> 1;
    const test = tests[atom]!;
    let weight = weights.get(test);
    if (weight === undefined) {
      weight = weigh(test);
      weights.set(test, weight);
    }
    if (weight > bestWeight) {
      best = atom;
      bestWeight = weight;
    }
  }
  return best;
}

/**
 * The longer the text that must be there, and the fewer the choices, the better. A program above is there for all that it started, and
 * integers are mostly true for many.
 */
function weigh(test: Test): number {
  if (test.kind === 'lineage') return -50;
  if (test.kind === 'integer') return test.relation.operator === 'in' ? -100 - test.relation.constants.length : -10_000;
  const shortest = Math.min(...test.matchers.map(literalLength));
  return 2 * Math.min(shortest, 24) - Math.log2(test.matchers.length);
}

/** Bytes that a value must have to match. */
function literalLength(matcher: Matcher): number {
  switch (matcher.kind) {
    case 'exact':
      return matcher.bytes.length + 1;
    case 'wildcard':
      return matcher.segments.reduce((sum, segment) => sum + segment.length, 0);
    case 'glob':
      return matcher.pattern.replaceAll('*', '').length;
    case 'regexp':
      return Math.min(matcher.source.length, 4);
  }
}
