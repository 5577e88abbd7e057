/** Expressions put together, with constants folded: what is decided without an event is decided here. */
import type { Comparison, Expression, IpTerm, Matcher, Term, TextTerm } from '../expression.js';
import type { FieldUse } from '../field.js';
import { calculate, holds } from '../integer.js';
import { overlaps } from '../ip.js';

export function constant(value: boolean): Expression {
  return { node: 'constant', value };
}

export function not(operand: Expression): Expression {
  switch (operand.node) {
    case 'constant':
      return constant(!operand.value);
    case 'not':
      return operand.operand;
    default:
      return { node: 'not', operand };
  }
}

/** The operands joined; nested nodes of the same kind become one. */
export function join(node: 'and' | 'or', operands: readonly Expression[]): Expression {
  const deciding = node === 'or';
  const flat = operands.flatMap((operand) => (operand.node === node ? operand.operands : [operand]));
  if (flat.some((operand) => operand.node === 'constant' && operand.value === deciding)) return constant(deciding);
  const open = flat.filter((operand) => operand.node !== 'constant');
  if (open.length === 0) return constant(!deciding);
  return open.length === 1 ? open[0]! : { node, operands: open };
}

/** Both have the same truth. */
export function equivalent(left: Expression, right: Expression): Expression {
  if (left.node === 'constant') return left.value ? right : not(right);
  if (right.node === 'constant') return right.value ? left : not(left);
  return { node: 'equivalent', left, right };
}

export function match(field: FieldUse, matchers: readonly Matcher[]): Expression {
  return matchers.length === 0 ? constant(false) : { node: 'match', field, matchers };
}

export function matchText(text: TextTerm, matchers: readonly Matcher[]): Expression {
  return matchers.length === 0 ? constant(false) : { node: 'text-match', text, matchers };
}

export function compare(operator: Comparison, left: Term, right: Term): Expression {
  if (left.term === 'integer' && right.term === 'integer') {
    return constant(holds(operator, left.value, right.value));
  }
  return { node: 'compare', operator, left, right };
}

export function member(term: Term, values: readonly bigint[]): Expression {
  if (term.term === 'integer') return constant(values.includes(term.value));
  return values.length === 1
    ? { node: 'compare', operator: '==', left: term, right: { term: 'integer', value: values[0]! } }
    : { node: 'member', term, values };
}

export function addresses(quantifier: 'any' | 'every', address: IpTerm, networks: IpTerm): Expression {
  if (address.ip === 'constant' && networks.ip === 'constant') {
    const hit = (one: (typeof address.networks)[number]) => (other: typeof one) => overlaps(one, other);
    return constant(
      quantifier === 'any'
        ? address.networks.some((one) => networks.networks.some(hit(one)))
        : address.networks.every((one) => networks.networks.every(hit(one))),
    );
  }
  return { node: 'ip', quantifier, address, networks };
}

export function binary(operator: Extract<Term, { term: 'binary' }>['operator'], left: Term, right: Term): Term {
  if (left.term === 'integer' && right.term === 'integer') {
    return { term: 'integer', value: calculate(operator, left.value, right.value) };
  }
  return { term: 'binary', operator, left, right };
}

export function unaryTerm(term: 'negate' | 'complement', operand: Term): Term {
  if (operand.term !== 'integer') return { term, operand };
  return { term: 'integer', value: term === 'negate' ? BigInt.asIntN(64, -operand.value) : ~operand.value };
}
