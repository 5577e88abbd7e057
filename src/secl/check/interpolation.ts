import { toBytes } from '../bytes.js';
import { SeclError, type Span } from '../errors.js';
import type { TextTerm } from '../expression.js';
import { referenceOperand, variableOperand } from './names.js';
import { describe, type Operand } from './operand.js';
import type { CheckState } from './state.js';

const reference = /[$%]\{[^}]*\}/g;

/** The text of a string with `${variable}` or `%{field}` in it; undefined when it has neither. */
export function interpolate(text: string, span: Span, state: CheckState): TextTerm | undefined {
  const pieces: TextTerm[] = [];
  let last = 0;
  for (const match of text.matchAll(reference)) {
    if (match.index > last) pieces.push(literal(text.slice(last, match.index)));
    const name = match[0].slice(2, -1);
    const operand = match[0].startsWith('$') ? variableOperand(name, span, state) : referenceOperand(name, span, state);
    pieces.push(written(operand, match[0], span));
    last = match.index + match[0].length;
  }
  if (pieces.length === 0) return undefined;
  if (last < text.length) pieces.push(literal(text.slice(last)));
  return { text: 'interpolation', pieces };
}

function literal(text: string): TextTerm {
  return { text: 'constant', bytes: toBytes(text) };
}

/** A value as part of a string. */
function written(operand: Operand, reference: string, span: Span): TextTerm {
  switch (operand.type) {
    case 'string':
    case 'strings':
      if (operand.string.source === 'field') return { text: 'field', field: operand.string.field };
      if (operand.string.source === 'text') return operand.string.text;
      break;
    case 'int':
    case 'ints':
      return { text: 'number', number: operand.term };
    default:
      break;
  }
  throw new SeclError('type', `${reference} is ${describe(operand)}, which cannot stand in a string`, span);
}
