/** The fields that an expression names, in order. */
import type { Expression, FieldUse, IpTerm, Term, TextTerm } from '../secl/index.js';

export function fieldUses(expression: Expression): FieldUse[] {
  switch (expression.node) {
    case 'constant':
    case 'variable':
      return [];
    case 'and':
    case 'or':
      return expression.operands.flatMap(fieldUses);
    case 'not':
      return fieldUses(expression.operand);
    case 'equivalent':
      return [...fieldUses(expression.left), ...fieldUses(expression.right)];
    case 'match':
    case 'flag':
    case 'unset':
      return [expression.field];
    case 'member':
      return usesOfTerm(expression.term);
    case 'compare':
      return [...usesOfTerm(expression.left), ...usesOfTerm(expression.right)];
    case 'age':
      return usesOfTerm(expression.time);
    case 'text':
      return [...usesOfText(expression.left), ...usesOfText(expression.right)];
    case 'text-match':
      return usesOfText(expression.text);
    case 'ip':
      return [...usesOfAddress(expression.address), ...usesOfAddress(expression.networks)];
    case 'some':
      return fieldUses(expression.body);
  }
}

function usesOfTerm(term: Term): FieldUse[] {
  switch (term.term) {
    case 'integer':
    case 'variable':
      return [];
    case 'field':
      return [term.field];
    case 'size':
      return 'text' in term.of ? usesOfText(term.of) : usesOfTerm(term.of);
    case 'binary':
      return [...usesOfTerm(term.left), ...usesOfTerm(term.right)];
    case 'negate':
    case 'complement':
      return usesOfTerm(term.operand);
  }
}

function usesOfText(text: TextTerm): FieldUse[] {
  switch (text.text) {
    case 'constant':
    case 'variable':
      return [];
    case 'field':
      return [text.field];
    case 'number':
      return usesOfTerm(text.number);
    case 'interpolation':
      return text.pieces.flatMap(usesOfText);
  }
}

function usesOfAddress(ip: IpTerm): FieldUse[] {
  return ip.ip === 'field' ? [ip.field] : [];
}
