import type { Ast, MacroAst } from './ast.js';
import type { FieldType } from './field.js';

/** What a `${variable}` holds. */
export interface VariableType {
  readonly type: FieldType;
  readonly array: boolean;
}

/** A named expression or list. It is checked where it is used, so that it may name macros that come before it. */
export interface Macro {
  /** The text it came from, which the positions inside it refer to. */
  readonly text: string;
  readonly ast: MacroAst;
}

/** What an expression may name, besides fields and constants. */
export interface Scope {
  readonly macros: ReadonlyMap<string, Macro>;
  /** By name without `${}`, scope included: `process.seen`. */
  readonly variables: ReadonlyMap<string, VariableType>;
  /** What to do about `&&` beside `||` without parentheses. Default: warn. */
  readonly mixedLogical?: 'warn' | 'refuse';
}

export type { Ast };
