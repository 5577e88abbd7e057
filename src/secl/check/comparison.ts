/** `==`, `!=`, `<`, `<=`, `>`, `>=`, `=~`, `!~`. */
import type { Ast } from '../ast.js';
import { SeclError } from '../errors.js';
import type { Comparison, Expression, Matcher, Term, TextTerm } from '../expression.js';
import { matches } from '../matcher.js';
import { addresses, compare, constant, equivalent, join, match, matchText, member, not } from './build.js';
import { matchersOf } from './literal.js';
import { describe, type Operand, type OperandOf, type StringSource, typeNames } from './operand.js';

type ComparisonAst = Extract<Ast, { kind: 'comparison' }>;

/** A comparison of two operands that are known. Type errors point at the right operand. */
export function comparison(ast: ComparisonAst, left: Operand, right: Operand): Expression {
  switch (left.type) {
    case 'bool':
      return equality(ast, equivalent(left.expression, expect(right, ['bool']).expression));
    case 'bools':
      return boolArray(ast, left, expect(right, ['bool']));
    case 'string':
    case 'strings':
      return strings(ast, left, expect(right, ['string']));
    case 'int':
      return right.type === 'ints' || right.type === 'int list'
        ? integers(ast, left, right)
        : age(ast, left, expect(right, ['int']));
    case 'ints':
    case 'int list':
      return age(ast, left, expect(right, ['int']));
    case 'ip':
    case 'ips':
      return equality(ast, addresses('any', left.ip, expect(right, ['ip']).ip));
    case 'bool list':
    case 'string list':
    case 'ip list':
      throw new SeclError('type', `${describe(left)} cannot be compared with ${ast.operator}: use in`, left.span);
  }
}

/** Throws unless the operand has one of the types. */
export function expect<T extends Operand['type']>(operand: Operand, types: readonly T[]): OperandOf<T> {
  if ((types as readonly string[]).includes(operand.type)) return operand as OperandOf<T>;
  const wanted = types.map((type) => typeNames[type]).join(' or ');
  throw new SeclError('type', `expected ${wanted}, not ${describe(operand)}`, operand.span);
}

/** A truth under `==`, its negation under `!=`; the type has no other operator. */
function equality(ast: ComparisonAst, equal: Expression): Expression {
  if (ast.operator === '==') return equal;
  if (ast.operator === '!=') return not(equal);
  throw noOperator(ast);
}

/** Some element has the value. A scalar on the right may be known only with the event. */
function boolArray(ast: ComparisonAst, array: OperandOf<'bools'>, value: OperandOf<'bool'>): Expression {
  const field = ast.operator === '!=' ? wholeWhenNotFalse(array, value.expression) : array;
  return equality(ast, someElementIs(field, value.expression));
}

/**
 * A quirk of the reference: with a register, `array[A].flag != false` (and `false not in`) speaks of all elements, not
 * of the element the register is at.
 */
export function wholeWhenNotFalse(array: OperandOf<'bools'>, value: Expression): OperandOf<'bools'> {
  if (array.field.register === undefined || value.node !== 'constant' || value.value) return array;
  const { register: _, ...field } = array.field;
  return { ...array, field };
}

export function someElementIs({ field }: OperandOf<'bools'>, value: Expression): Expression {
  const isTrue: Expression = { node: 'flag', field };
  const isFalse: Expression = { node: 'unset', field };
  return join('or', [join('and', [value, isTrue]), join('and', [not(value), isFalse])]);
}

function strings(
  ast: ComparisonAst,
  left: OperandOf<'string'> | OperandOf<'strings'>,
  right: OperandOf<'string'>,
): Expression {
  switch (ast.operator) {
    case '==':
    case '!=':
      return equality(ast, stringEquality(left.string, right.string));
    case '=~':
    case '!~': {
      if (right.string.source !== 'literal') {
        throw new SeclError('pattern', `${ast.operator} needs a string literal on its right`, right.span);
      }
      const { literal } = right.string;
      const form = literal.form === 'exact' ? 'pattern' : literal.form;
      const matching = stringEquality(left.string, { source: 'literal', literal: { ...literal, form } });
      return ast.operator === '=~' ? matching : not(matching);
    }
    default:
      throw noOperator(ast);
  }
}

/** Any string on the left equals, or matches, the one on the right; patterns may stand on either side. */
export function stringEquality(left: StringSource, right: StringSource): Expression {
  if (left.source === 'literal' && right.source === 'literal') {
    const [pattern, value] = right.literal.form === 'exact' ? [left.literal, right] : [right.literal, left];
    return constantMatch(matchersOf([pattern]), value);
  }
  if (right.source === 'literal') return matchSource(left, [right.literal]);
  if (left.source === 'literal') return matchSource(right, [left.literal]);
  const fold =
    left.source === 'field' && right.source === 'field' && (left.field.field.foldCase || right.field.field.foldCase);
  return { node: 'text', left: textOf(left), right: textOf(right), ...(fold && { foldCase: true }) };
}

export function matchSource(source: StringSource, literals: Parameters<typeof matchersOf>[0]): Expression {
  switch (source.source) {
    case 'literal':
      return constantMatch(matchersOf(literals), source);
    case 'field':
      return match(source.field, matchersOf(literals, source.field.field));
    case 'text':
      return matchText(source.text, matchersOf(literals));
  }
}

function constantMatch(matchers: readonly Matcher[], value: Extract<StringSource, { source: 'literal' }>): Expression {
  const bytes = matchersOf([{ ...value.literal, form: 'exact' }])[0];
  return constant(bytes?.kind === 'exact' && matchers.some((matcher) => matches(matcher, bytes.bytes)));
}

function textOf(source: Exclude<StringSource, { source: 'literal' }>): TextTerm {
  return source.source === 'field' ? { text: 'field', field: source.field } : source.text;
}

type Integers = OperandOf<'int'> | OperandOf<'ints'> | OperandOf<'int list'>;

/** A comparison with a duration literal means the age of what is on the left, unless that is a sum. */
function age(ast: ComparisonAst, left: Integers, right: OperandOf<'int'>): Expression {
  if (right.duration === undefined) return integers(ast, left, right);
  const operator = orderOf(ast);
  // The reference has no equality of ages for arrays, and no inequality at all.
  if (ast.operator === '!=' || (operator === '==' && left.type !== 'int')) throw noOperator(ast);
  if (left.type === 'int' && left.sum) return integers(ast, left, right);
  if (right.term.term !== 'integer') throw noOperator(ast);
  const nanoseconds = right.term.value;
  const terms = termsOf(left);
  return join(
    'or',
    terms.map((time) => ({ node: 'age', operator, time, nanoseconds })),
  );
}

/** Any number on the left against any on the right. */
function integers(ast: ComparisonAst, left: Integers, right: Integers): Expression {
  const operator = orderOf(ast);
  const holds =
    operator === '==' && right.type === 'int list' && left.type === 'int'
      ? member(left.term, right.values)
      : join(
          'or',
          termsOf(left).flatMap((one) => termsOf(right).map((other) => compare(operator, one, other))),
        );
  return ast.operator === '!=' ? not(holds) : holds;
}

function termsOf(operand: Integers): Term[] {
  if (operand.type !== 'int list') return [operand.term];
  return operand.values.map((value) => ({ term: 'integer', value }));
}

function orderOf(ast: ComparisonAst): Comparison {
  switch (ast.operator) {
    case '=~':
    case '!~':
      throw noOperator(ast);
    case '!=':
      return '==';
    default:
      return ast.operator;
  }
}

function noOperator(ast: ComparisonAst): SeclError {
  return new SeclError('operator', `these operands cannot be compared with ${ast.operator}`, ast.span);
}
