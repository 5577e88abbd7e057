/** Arithmetic of expressions: signed integers of 64 bits, which wrap. */
import type { Comparison, Term } from './expression.js';

export function holds(operator: Comparison, left: bigint, right: bigint): boolean {
  switch (operator) {
    case '==':
      return left === right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}

export function calculate(
  operator: Extract<Term, { term: 'binary' }>['operator'],
  left: bigint,
  right: bigint,
): bigint {
  switch (operator) {
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '+':
      return BigInt.asIntN(64, left + right);
    case '-':
      return BigInt.asIntN(64, left - right);
  }
}
