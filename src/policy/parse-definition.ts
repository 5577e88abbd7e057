/** What macros and rules are written with alike: the id and when they apply. */
import type { Node } from 'yaml';
import type { Definition } from './definition.js';
import { rangeOf } from './document.js';
import type { Entries, Entry, Reader } from './reader.js';
import type { LocatedText } from './scalar-text.js';

const idPattern = /^[A-Za-z0-9_]+$/;

export function parseDefinition(
  entries: Entries,
  node: Node,
  reader: Reader,
  what: 'macro' | 'rule',
): Definition | undefined {
  const { reporter } = reader;
  const entry = entries.get('id');
  if (entry === undefined) {
    const message = `a ${what} needs an \`id\``;
    reporter.report({ severity: 'error', code: 'missing-id', message }, rangeOf(node));
    return undefined;
  }
  const id = reader.text(entry.node, `the \`id\` of a ${what}`);
  if (id === undefined || !isId(id, `the id of a ${what}`, reader)) return undefined;
  const agentVersion = entries.get('agent_version');
  const constraint = agentVersion && reader.text(agentVersion.node, '`agent_version`', id.value);
  return {
    id: id.value,
    range: id.range,
    reporter,
    ...(constraint && { agentVersion: constraint }),
    filters: textList(entries.get('filters'), '`filters`', reader, id.value),
  };
}

/** Whether the text can name a rule, macro or group; reported if not. */
export function isId(id: LocatedText, what: string, reader: Reader): boolean {
  if (idPattern.test(id.value)) return true;
  const message = `${what} is made of letters, digits and \`_\``;
  reader.reporter.report({ severity: 'error', code: 'bad-id', message }, id.range);
  return false;
}

/** A list of texts; absent is empty. */
export function textList(entry: Entry | undefined, what: string, reader: Reader, rule: string): readonly LocatedText[] {
  if (entry === undefined) return [];
  const texts: LocatedText[] = [];
  for (const item of reader.list(entry.node, what, rule) ?? []) {
    const text = reader.text(item, `an element of ${what}`, rule);
    if (text !== undefined) texts.push(text);
  }
  return texts;
}
