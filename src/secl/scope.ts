import type { Macro } from './macro.js';
import type { VariableType } from './variable.js';

/** What an expression may name, besides fields and constants. */
export interface Scope {
  readonly macros: ReadonlyMap<string, Macro>;
  /** By name without `${}`, scope included: `process.seen`. */
  readonly variables: ReadonlyMap<string, VariableType>;
  /** What to do about `&&` beside `||` without parentheses. Default: warn. */
  readonly mixedLogical?: 'warn' | 'refuse';
}
