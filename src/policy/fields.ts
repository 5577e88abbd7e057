/** Fields that policy files name outside expressions. */
import { catalogue, type EventType, type Field } from '../secl/index.js';
import type { Reporter } from './reporter.js';
import type { LocatedText } from './scalar-text.js';

export function reportUnknownField(name: LocatedText, reporter: Reporter, rule: string): undefined {
  const [near] = catalogue.nearest(name.value);
  const help = near === undefined ? undefined : `did you mean \`${near}\`?`;
  const message = `there is no field \`${name.value}\``;
  reporter.report({ severity: 'error', code: 'unknown-field', message, rule, help }, name.range);
}

/** Whether events of a type have the field. */
export function belongsTo(field: Field, event: EventType): boolean {
  if (field.restrictedTo !== undefined) return field.restrictedTo.includes(event);
  return field.event === 'common' || field.event === event;
}
