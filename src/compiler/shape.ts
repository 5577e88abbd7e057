/** The form in which each rule stands in the image: clauses, a boolean program, or nothing but a mark. */
import { type Clause, clausesOf, type LiteralNumber } from './clauses.js';
import type { Formula } from './formula.js';
import { step } from './image/layout.js';
import { alwaysClauses, clauses as clauseLimit, imageSteps } from './limits.js';
import { programOf } from './program.js';

export type Shape =
  | { readonly kind: 'clauses'; readonly clauses: readonly Clause[] }
  | { readonly kind: 'program'; readonly steps: readonly number[] };

/** For a rule of which the kernel knows nothing: it holds at every exec. */
export const everyExec: Shape = { kind: 'program', steps: [step.true] };

/** Gives rules their shapes while an image has room for them. */
export class Shaper {
  private clauses = 0;
  private always = 0;
  private steps = 0;

  constructor(private readonly number: LiteralNumber) {}

  /** The shape of a formula, or why it has none. */
  shape(formula: Formula): Shape | string {
    if (formula.kind === 'constant' && formula.value) return everyExec;
    const clauses = clausesOf(formula, this.number);
    if (clauses !== undefined) {
      const always = clauses.filter((clause) => clause.every((literal) => literal % 2 === 1)).length;
      if (this.clauses + clauses.length > clauseLimit.value) {
        return `the image has its ${clauseLimit.value} clauses already`;
      }
      if (this.always + always > alwaysClauses.value) {
        return `the image has its ${alwaysClauses.value} clauses without a positive test already`;
      }
      this.clauses += clauses.length;
      this.always += always;
      return { kind: 'clauses', clauses };
    }
    const steps = this.program(formula);
    return typeof steps === 'string' ? steps : { kind: 'program', steps };
  }

  /** The boolean program of a formula, or why it has none. */
  program(formula: Formula): readonly number[] | string {
    const steps = programOf(formula, this.number);
    if (typeof steps === 'string') return steps;
    if (this.steps + steps.length > imageSteps.value) {
      return `the boolean programs of the image have their ${imageSteps.value} steps already`;
    }
    this.steps += steps.length;
    return steps;
  }
}
