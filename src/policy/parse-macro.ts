/** One item of a policy's `macros`. */
import type { Node } from 'yaml';
import type { MacroBody, MacroDefinition } from './definition.js';
import { rangeOf } from './document.js';
import { macroCombinations, macroKeys } from './keys.js';
import { parseDefinition, textList } from './parse-definition.js';
import type { Entries, Reader } from './reader.js';

const known = Object.keys(macroKeys);

/** Undefined: not a macro, and reported. */
export function parseMacro(node: Node, reader: Reader): MacroDefinition | undefined {
  const before = reader.reporter.errors;
  const entries = reader.mapping(node, 'a macro', known);
  if (entries === undefined) return undefined;
  const definition = parseDefinition(entries, node, reader, 'macro');
  if (definition === undefined) return undefined;
  const combine = entries.get('combine');
  const word = combine && reader.word(combine.node, '`combine`', macroCombinations, definition.id);
  const body = parseBody(entries, node, reader, definition.id);
  if (body === undefined || reader.reporter.errors > before) return undefined;
  return { ...definition, body, ...(word !== undefined && word !== '' && { combine: word }) };
}

function parseBody(entries: Entries, node: Node, reader: Reader, id: string): MacroBody | undefined {
  const expression = entries.get('expression');
  const values = entries.get('values');
  if ((expression === undefined) === (values === undefined)) {
    const message = 'a macro has either an `expression` or `values`';
    reader.reporter.report({ severity: 'error', code: 'macro', message, rule: id }, rangeOf(node));
    return undefined;
  }
  if (expression !== undefined) {
    const text = reader.text(expression.node, 'the `expression` of a macro', id);
    return text && { form: 'expression', expression: text, reporter: reader.reporter };
  }
  const before = reader.reporter.errors;
  const texts = textList(values, '`values`', reader, id);
  if (texts.length === 0 && reader.reporter.errors === before) {
    const message = `the macro \`${id}\` has no values`;
    reader.reporter.report({ severity: 'error', code: 'macro', message, rule: id }, rangeOf(node));
  }
  return { form: 'values', values: texts };
}
