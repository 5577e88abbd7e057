/** SECL: the language of rules. Pure: no I/O. */

export { type Arguments, flags, joined, knownFlags, knownJoin, knownOptions, options } from './arguments.js';
export type { ArrayAst, Ast, MacroAst, Primary } from './ast.js';
export { type Bytes, fromBytes, showBytes, toBytes } from './bytes.js';
export { catalogue } from './catalogue/index.js';
export {
  type Checked,
  type CheckedValue,
  checkMacro,
  checkValue,
  compileExpression,
  compileValue,
} from './check/index.js';
export { constants } from './constants/index.js';
export { SeclError, type SeclErrorCode, type Span, type Warning } from './errors.js';
export { evaluate, evaluateValue, evaluateViews } from './evaluate.js';
export type { ElementList, Event } from './event.js';
export type { Comparison, Expression, IpTerm, Matcher, Term, TextTerm, ValueTerm, VariableUse } from './expression.js';
export { type EventType, eventTypes, type Field, type FieldType, type FieldUse, type IteratorName } from './field.js';
export { eventFromFlat, unknownNames } from './flat-event.js';
export { EventError } from './flat-value.js';
export type { IpNetwork } from './ip.js';
export { overlaps, parseIp, printIp } from './ip.js';
export { layout } from './layout.js';
export { type Limit, limits } from './limits.js';
export { type Macro, macroFromValues, parseMacro } from './macro.js';
export { isPrefixCertain, matches, matchesPrefix } from './matcher.js';
export { nearestNames } from './nearest.js';
export { parse } from './parser.js';
export { print } from './print.js';
export type { Context } from './read.js';
export type { Scope } from './scope.js';
export type { Truth } from './truth.js';
export { decodeUtf8, withoutIncompleteTail } from './utf8.js';
export {
  anyOf,
  type Element,
  type Reading,
  readingOf,
  type Scalar,
  type TruncatedArray,
  type TruncatedString,
  type Unknown,
  unknown,
  type Value,
  zeroValue,
} from './value.js';
export type { VariableType } from './variable.js';
