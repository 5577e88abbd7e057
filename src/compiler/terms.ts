/** Terms that are one integer field, perhaps with a mask, and terms without any field. */
import type { Term } from '../secl/index.js';
import { kernelField, notRead } from './fields.js';

export interface MaskedField {
  readonly field: Extract<ReturnType<typeof kernelField>, { kind: 'integer' }>;
  readonly mask: bigint;
}

/** The field of a term and the bits it keeps, or why the kernel cannot compute it. */
export function maskedField(term: Term): MaskedField | string {
  switch (term.term) {
    case 'field': {
      const field = kernelField(term.field.field);
      if (field?.kind !== 'integer' || term.field.register !== undefined) return notRead(term.field.field);
      return { field, mask: field.mask };
    }
    case 'binary': {
      const [left, right] = [constantOf(term.left), constantOf(term.right)];
      const constant = left ?? right;
      if (term.operator !== '&' || constant === undefined) return 'it computes with integers';
      const inner = maskedField(left === undefined ? term.left : term.right);
      return typeof inner === 'string' ? inner : { field: inner.field, mask: inner.mask & constant };
    }
    case 'variable':
      return `the variable ${term.variable.name} lives in user space`;
    case 'size':
      return 'it counts bytes or elements';
    case 'integer':
    case 'negate':
    case 'complement':
      return 'it computes with integers';
  }
}

/** The value of a term without fields and variables: signed 64 bits, wrapping. */
export function constantOf(term: Term): bigint | undefined {
  switch (term.term) {
    case 'integer':
      return BigInt.asIntN(64, term.value);
    case 'field':
    case 'variable':
    case 'size':
      return undefined;
    case 'negate':
    case 'complement': {
      const value = constantOf(term.operand);
      if (value === undefined) return undefined;
      return BigInt.asIntN(64, term.term === 'negate' ? -value : ~value);
    }
    case 'binary': {
      const left = constantOf(term.left);
      const right = constantOf(term.right);
      if (left === undefined || right === undefined) return undefined;
      return BigInt.asIntN(64, calculate[term.operator](left, right));
    }
  }
}

const calculate: Record<Extract<Term, { term: 'binary' }>['operator'], (a: bigint, b: bigint) => bigint> = {
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
};
