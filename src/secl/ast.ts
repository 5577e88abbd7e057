/** The syntax tree, as written: names are not resolved and nothing is checked. */
import type { Span } from './errors.js';

export type LogicalOperator = '&&' | '||';
export type ScalarOperator = '>=' | '>' | '<=' | '<' | '!=' | '==' | '=~' | '!~';
export type ArrayOperator = 'in' | 'not in' | 'allin';
export type BitOperator = '&' | '|' | '^';
export type SumOperator = '+' | '-';
export type UnaryOperator = '!' | '-' | '^';

/** A literal or a name. */
export type Primary =
  | { readonly kind: 'identifier'; readonly name: string; readonly span: Span }
  | { readonly kind: 'ip' | 'cidr'; readonly text: string; readonly span: Span }
  | { readonly kind: 'integer'; readonly value: bigint; readonly span: Span }
  | { readonly kind: 'duration'; readonly nanoseconds: bigint; readonly span: Span }
  | { readonly kind: 'variable' | 'field-reference'; readonly name: string; readonly span: Span }
  | { readonly kind: 'string' | 'pattern' | 'regexp'; readonly text: string; readonly span: Span };

/**
 * An expression. Chains of operators of one precedence level are one node: `operators[i]` stands between `operands[i]`
 * and `operands[i + 1]`.
 */
export type Ast =
  | Primary
  | { readonly kind: 'group'; readonly inner: Ast; readonly span: Span }
  /** Right-associative, both operators on one level: `a && b || c` is `a && (b || c)`. */
  | {
      readonly kind: 'logical';
      readonly operands: readonly Ast[];
      readonly operators: readonly LogicalOperator[];
      readonly span: Span;
    }
  | {
      readonly kind: 'comparison';
      readonly operator: ScalarOperator;
      readonly left: Ast;
      readonly right: Ast;
      readonly span: Span;
    }
  | {
      readonly kind: 'membership';
      readonly operator: ArrayOperator;
      readonly left: Ast;
      readonly right: ArrayAst;
      readonly span: Span;
    }
  /** Left-associative. */
  | {
      readonly kind: 'sum';
      readonly operands: readonly Ast[];
      readonly operators: readonly SumOperator[];
      readonly span: Span;
    }
  /** Right-associative, all three on one level. */
  | {
      readonly kind: 'bits';
      readonly operands: readonly Ast[];
      readonly operators: readonly BitOperator[];
      readonly span: Span;
    }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Ast; readonly span: Span };

/** `[a, b]`: strings with patterns and regexps, addresses with networks, integers, or constants. */
export interface ListAst {
  readonly kind: 'list';
  readonly members: readonly Primary[];
  readonly span: Span;
}

/** The right side of `in`: a list, or one thing that stands for a list. */
export type ArrayAst =
  | ListAst
  | Extract<Primary, { kind: 'identifier' }>
  | Extract<Primary, { kind: 'ip' | 'cidr' }>
  | Extract<Primary, { kind: 'variable' | 'field-reference' }>;

export type MacroAst = Ast | ListAst;
