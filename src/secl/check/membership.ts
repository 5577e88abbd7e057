/** `in`, `not in`, `allin`. */
import type { Ast } from '../ast.js';
import { SeclError } from '../errors.js';
import type { Expression, Term } from '../expression.js';
import { addresses, compare, constant, equivalent, join, member, not } from './build.js';
import { matchSource, someElementIs, stringEquality, wholeWhenNotFalse } from './comparison.js';
import { describe, type Operand, type OperandOf } from './operand.js';

type MembershipAst = Extract<Ast, { kind: 'membership' }>;

/** Whether the left operand, or any element of it, is among those of the right one. */
export function membership(ast: MembershipAst, left: Operand, right: Operand): Expression {
  const found = contains(ast, left, right);
  return ast.operator === 'not in' ? not(found) : found;
}

function contains(ast: MembershipAst, left: Operand, right: Operand): Expression {
  switch (left.type) {
    case 'bool':
      return boolIn(ast, left, right);
    case 'string':
    case 'strings':
      if (right.type === 'string list') return matchSource(left.string, right.members);
      if (right.type === 'strings') return stringEquality(left.string, right.string);
      throw noArray(right, 'strings');
    case 'string list':
      if (right.type === 'strings') return matchSource(right.string, left.members);
      throw noArray(right, 'strings');
    case 'int':
    case 'ints':
    case 'int list':
      return integerIn(left, right);
    case 'ip':
    case 'ips':
    case 'ip list':
      return addressIn(ast, left, right);
    case 'bools':
    case 'bool list':
      throw new SeclError('type', `${describe(left)} cannot stand left of ${ast.operator}`, left.span);
  }
}

function boolIn(ast: MembershipAst, { expression }: OperandOf<'bool'>, right: Operand): Expression {
  switch (right.type) {
    case 'bool list':
      return join(
        'or',
        right.values.map((value) => equivalent(expression, constant(value))),
      );
    case 'bools':
      return someElementIs(ast.operator === 'not in' ? wholeWhenNotFalse(right, expression) : right, expression);
    default:
      throw noArray(right, 'booleans');
  }
}

function integerIn(left: OperandOf<'int'> | OperandOf<'ints'> | OperandOf<'int list'>, right: Operand): Expression {
  if (right.type === 'int list') {
    if (left.type === 'int list') return constant(left.values.some((value) => right.values.includes(value)));
    return member(left.term, right.values);
  }
  if (right.type !== 'ints') throw noArray(right, 'numbers');
  if (left.type === 'int list') return member(right.term, left.values);
  return compare('==', left.term, right.term satisfies Term);
}

function addressIn(
  ast: MembershipAst,
  left: OperandOf<'ip'> | OperandOf<'ips'> | OperandOf<'ip list'>,
  right: Operand,
): Expression {
  const all = ast.operator === 'allin' ? 'every' : 'any';
  const list = (of: OperandOf<'ip list'>) => ({ ip: 'constant', networks: of.networks }) as const;
  switch (left.type) {
    case 'ip':
      if (right.type === 'ip') return addresses('any', left.ip, right.ip);
      if (right.type === 'ip list') return addresses('any', left.ip, list(right));
      if (right.type === 'ips') return addresses(all, right.ip, left.ip);
      break;
    case 'ips':
      if (right.type === 'ip list') return addresses(all, left.ip, list(right));
      // One network after `in` is a list of one; a field with one address is not.
      if (right.type === 'ip' && right.ip.ip === 'constant') return addresses(all, left.ip, right.ip);
      break;
    case 'ip list':
      if (right.type === 'ip') return addresses('any', right.ip, list(left));
      if (right.type === 'ips') return addresses(all, right.ip, list(left));
      break;
  }
  throw noArray(right, 'addresses');
}

function noArray(right: Operand, of: string): SeclError {
  return new SeclError('type', `expected a list or array of ${of}, not ${describe(right)}`, right.span);
}
