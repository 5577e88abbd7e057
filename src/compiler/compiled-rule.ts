import type { Rule } from '../policy/ruleset.js';
import type { Formula } from './formula.js';

/** A rule as it stands in the image, where its number is its index. */
export interface CompiledRule {
  readonly rule: Rule;
  /** `decided`: the kernel decides it. `candidate`: what holds in the kernel is only necessary. */
  readonly decision: 'decided' | 'candidate';
  /** Why it is only a candidate. */
  readonly reasons: readonly string[];
  /** What the kernel tests. */
  readonly formula: Formula;
}
