import type { Span } from '../errors.js';
import type { Expression, IpTerm, Term, TextTerm } from '../expression.js';
import type { FieldUse } from '../field.js';
import type { IpNetwork } from '../ip.js';

/** A string in quotes: exact, `~"pattern"` or `r"regular expression"`. */
export interface StringLiteral {
  readonly form: 'exact' | 'pattern' | 'regexp';
  readonly text: string;
  readonly span: Span;
}

/** Where a string comes from. `text`: known only with the event, but not a plain field. */
export type StringSource =
  | { readonly source: 'literal'; readonly literal: StringLiteral }
  | { readonly source: 'field'; readonly field: FieldUse }
  | { readonly source: 'text'; readonly text: TextTerm };

/** What part of an expression is, once its names are known. The plural types are arrays, the lists are constants. */
export type Operand =
  | { readonly type: 'bool'; readonly expression: Expression; readonly span: Span }
  | { readonly type: 'bools'; readonly field: FieldUse; readonly span: Span }
  | { readonly type: 'bool list'; readonly values: readonly boolean[]; readonly span: Span }
  | { readonly type: 'string'; readonly string: StringSource; readonly span: Span }
  | { readonly type: 'strings'; readonly string: Exclude<StringSource, { source: 'literal' }>; readonly span: Span }
  | { readonly type: 'string list'; readonly members: readonly StringLiteral[]; readonly span: Span }
  | {
      readonly type: 'int';
      readonly term: Term;
      /** A duration literal: compared with a time it means its age. */
      readonly duration?: true;
      /** The result of + or -: compared with a duration it is plain nanoseconds. */
      readonly sum?: true;
      readonly span: Span;
    }
  | { readonly type: 'ints'; readonly term: Term; readonly span: Span }
  | { readonly type: 'int list'; readonly values: readonly bigint[]; readonly span: Span }
  | { readonly type: 'ip'; readonly ip: IpTerm; readonly span: Span }
  | { readonly type: 'ips'; readonly ip: IpTerm; readonly span: Span }
  | { readonly type: 'ip list'; readonly networks: readonly IpNetwork[]; readonly span: Span };

export type OperandOf<T extends Operand['type']> = Extract<Operand, { type: T }>;

/** How messages name the types. */
export const typeNames: Readonly<Record<Operand['type'], string>> = {
  bool: 'a boolean',
  bools: 'an array of booleans',
  'bool list': 'a list of booleans',
  string: 'a string',
  strings: 'an array of strings',
  'string list': 'a list of strings',
  int: 'a number',
  ints: 'an array of numbers',
  'int list': 'a list of numbers',
  ip: 'an address',
  ips: 'an array of addresses',
  'ip list': 'a list of addresses',
};

/** How a message names what an operand is. */
export function describe(operand: Operand): string {
  return operand.type === 'int' && operand.duration ? 'a duration' : typeNames[operand.type];
}
