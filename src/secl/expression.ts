/** The checked, typed expression: what the evaluator and the kernel's compiler work on. */
import type { Bytes } from './bytes.js';
import type { FieldUse, IteratorName } from './field.js';
import type { IpNetwork } from './ip.js';
import type { VariableType } from './variable.js';

/**
 * A truth about an event. `!=`, `!~`, `not in` are `not` around the positive node, so that the negation of "any
 * element matches" is "no element matches".
 */
export type Expression =
  | { readonly node: 'constant'; readonly value: boolean }
  | { readonly node: 'and' | 'or'; readonly operands: readonly Expression[] }
  | { readonly node: 'not'; readonly operand: Expression }
  /** String field: any element (or the scalar) matches any matcher. */
  | { readonly node: 'match'; readonly field: FieldUse; readonly matchers: readonly Matcher[] }
  /** Integers: any element on the left against any element on the right. */
  | { readonly node: 'compare'; readonly operator: Comparison; readonly left: Term; readonly right: Term }
  /** Integer among constants. */
  | { readonly node: 'member'; readonly term: Term; readonly values: readonly bigint[] }
  /** A boolean field is true (any element). */
  | { readonly node: 'flag'; readonly field: FieldUse }
  /** Some element of a boolean array field is false. */
  | { readonly node: 'unset'; readonly field: FieldUse }
  /** A boolean variable is true. */
  | { readonly node: 'variable'; readonly variable: VariableUse }
  /** Both sides have the same truth. */
  | { readonly node: 'equivalent'; readonly left: Expression; readonly right: Expression }
  /** `field < 5s`: the age of a time, `now - field`, against a duration in nanoseconds. */
  | {
      readonly node: 'age';
      readonly operator: Comparison;
      readonly time: Term;
      readonly nanoseconds: bigint;
    }
  /** String sources that are known only with the event: any value on the left equals any on the right. */
  | {
      readonly node: 'text';
      readonly left: TextTerm;
      readonly right: TextTerm;
      readonly foldCase?: true;
    }
  /** A string source that is not a field (variable, interpolation) against matchers. */
  | { readonly node: 'text-match'; readonly text: TextTerm; readonly matchers: readonly Matcher[] }
  /** Address: `any` element overlaps any network; `every`: all elements overlap all networks. */
  | {
      readonly node: 'ip';
      readonly quantifier: 'any' | 'every';
      readonly address: IpTerm;
      readonly networks: IpTerm;
    }
  /** The whole rule holds for some element of the iterator that the register runs over. Only at the top. */
  | {
      readonly node: 'some';
      readonly register: string;
      readonly iterator: IteratorName;
      readonly body: Expression;
    };

/** `!=` is `not` around `==`. */
export type Comparison = '==' | '<' | '<=' | '>' | '>=';

/**
 * A test on one string value. `foldCase`: ASCII letters compare without regard to case; the literal bytes here are
 * already in lower case. Never on path patterns and regexps.
 * All patterns match the whole value, except a regexp, which searches it.
 */
export type Matcher =
  | { readonly kind: 'exact'; readonly bytes: Bytes; readonly foldCase?: true }
  | {
      readonly kind: 'wildcard';
      readonly pattern: Bytes;
      /** The non-empty literal pieces, in order. */
      readonly segments: readonly Bytes[];
      /** The first piece stands at the beginning of the value. */
      readonly anchoredStart: boolean;
      /** The last piece stands at the end of the value. */
      readonly anchoredEnd: boolean;
      readonly foldCase?: true;
    }
  /** A pattern on a `.path` field; see glob.ts. */
  | { readonly kind: 'glob'; readonly pattern: Bytes; readonly foldCase?: never }
  /** RE2 syntax, as written (text, not bytes); see regexp.ts. */
  | { readonly kind: 'regexp'; readonly source: string };

/** An integer, or several where a field has several: signed 64 bits, wrapping. */
export type Term =
  | { readonly term: 'integer'; readonly value: bigint }
  | { readonly term: 'field'; readonly field: FieldUse }
  | { readonly term: 'variable'; readonly variable: VariableUse }
  /** The bytes of a string, or the elements of an array. */
  | { readonly term: 'size'; readonly of: TextTerm | Term }
  | {
      readonly term: 'binary';
      readonly operator: '&' | '|' | '^' | '+' | '-';
      readonly left: Term;
      readonly right: Term;
    }
  | { readonly term: 'negate' | 'complement'; readonly operand: Term };

/** A string, or several. */
export type TextTerm =
  | { readonly text: 'constant'; readonly bytes: Bytes }
  | { readonly text: 'field'; readonly field: FieldUse }
  | { readonly text: 'variable'; readonly variable: VariableUse }
  /** An integer, written out; only inside an interpolation. */
  | { readonly text: 'number'; readonly number: Term }
  /** `"/proc/${pid}/maps"`: the pieces joined; an array gives its elements joined by a comma. */
  | { readonly text: 'interpolation'; readonly pieces: readonly TextTerm[] };

/** Addresses and networks. */
export type IpTerm =
  | { readonly ip: 'constant'; readonly networks: readonly IpNetwork[] }
  | { readonly ip: 'field'; readonly field: FieldUse }
  | { readonly ip: 'variable'; readonly variable: VariableUse };

/** A variable at a place in an expression; `name` without `${}`. */
export interface VariableUse {
  readonly name: string;
  readonly type: VariableType;
  readonly start: number;
  readonly end: number;
}

/** What a text stands for that is a value rather than a truth about an event: see `evaluateValue`. */
export type ValueTerm =
  | { readonly value: 'truth'; readonly expression: Expression }
  | { readonly value: 'number'; readonly term: Term }
  | { readonly value: 'text'; readonly text: TextTerm }
  | { readonly value: 'address'; readonly ip: IpTerm };
