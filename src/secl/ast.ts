/** The syntax tree, as written: names are not resolved and nothing is checked. */
import type { Span } from './errors.js';

export type LogicalOperator = '&&' | '||';
export type ScalarOperator = '>=' | '>' | '<=' | '<' | '!=' | '==' | '=~' | '!~';
export type ArrayOperator = 'in' | 'not in' | 'allin';
export type ArithmeticOperator = '+' | '-';
export type BitOperator = '&' | '|' | '^';
export type UnaryOperator = '!' | '-' | '^';

/** A literal or a name. */
export type Primary =
  | { readonly kind: 'identifier'; readonly name: string; readonly span: Span }
  | { readonly kind: 'ip' | 'cidr'; readonly text: string; readonly span: Span }
  | { readonly kind: 'integer'; readonly value: bigint; readonly span: Span }
  | { readonly kind: 'duration'; readonly nanoseconds: bigint; readonly text: string; readonly span: Span }
  | { readonly kind: 'variable' | 'field-reference'; readonly name: string; readonly span: Span }
  | { readonly kind: 'string' | 'pattern' | 'regexp'; readonly text: string; readonly span: Span };

export type Ast =
  | Primary
  | { readonly kind: 'group'; readonly inner: Ast; readonly span: Span }
  | {
      readonly kind: 'logical';
      readonly operator: LogicalOperator;
      readonly left: Ast;
      readonly right: Ast;
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
  | {
      readonly kind: 'arithmetic';
      readonly operator: ArithmeticOperator | BitOperator;
      readonly left: Ast;
      readonly right: Ast;
      readonly span: Span;
    }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Ast; readonly span: Span };

/** The right side of `in`: a list, or one thing that stands for a list. */
export type ArrayAst =
  | { readonly kind: 'list'; readonly members: readonly Primary[]; readonly span: Span }
  | Extract<Primary, { kind: 'identifier' | 'ip' | 'cidr' | 'variable' | 'field-reference' }>;

export type MacroAst = Ast | Extract<ArrayAst, { kind: 'list' }>;
