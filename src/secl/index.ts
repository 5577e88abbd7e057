/** SECL: the language of rules. Pure: no I/O. */
export type { ArrayAst, Ast, MacroAst, Primary } from './ast.js';
export { type Bytes, fromBytes, showBytes, toBytes } from './bytes.js';
export { SeclError, type SeclErrorCode, type Span, type Warning } from './errors.js';
export type { ElementList, Event } from './event.js';
export type { Comparison, Expression, IpTerm, Matcher, Term, TextTerm, VariableUse } from './expression.js';
export { type EventType, eventTypes, type Field, type FieldType, type FieldUse, type IteratorName } from './field.js';
export type { IpNetwork } from './ip.js';
export type { Macro, Scope, VariableType } from './scope.js';
export {
  type Element,
  type Scalar,
  type TruncatedArray,
  type TruncatedString,
  type Unknown,
  unknown,
  type Value,
} from './value.js';
