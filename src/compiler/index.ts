/** Ruleset to policy image and plan. Pure: no I/O. */
import type { Ruleset } from '../policy/ruleset.js';
import { compile } from './compile.js';
import type { Plan } from './plan.js';

export { type Compiled, type CompileOptions, compile, type LineageCondition } from './compile.js';
export type { CompiledRule } from './compiled-rule.js';
export { compileEnforceable, type Enforceable } from './enforceable.js';
export { CompileError, type CompileErrorCode } from './errors.js';
export { type FieldPlace, placeOfField } from './field-place.js';
export { describe } from './image/describe.js';
export { ImageError } from './image/reader.js';
export {
  type Execution,
  type Facts,
  type Fed,
  type FedBlock,
  type Interpretation,
  interpret,
  type Level,
  type LineageBits,
  type ViewResult,
} from './interpret.js';
export { compilerLimits, type Limit } from './limits.js';
export type { Act, Place, Plan, PlannedAutomaton, PlannedRule } from './plan.js';

/** Where and when each rule decides. Throws a CompileError when the ruleset has no image. */
export function planRules(ruleset: Ruleset): Plan {
  return compile(ruleset).plan;
}
