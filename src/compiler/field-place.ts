/** Where a rule that tests a field can be decided, for those who look for one. The plan decides for each rule. */
import type { Field } from '../secl/index.js';
import { isWaiting, kernelField, lineageField } from './fields.js';

/**
 * `kernel-before-exec`, `kernel-at-exec`: in the kernel, in time to refuse or to kill; `user-space`: after the event;
 * `waiting`: nothing reports such events yet. Common fields: in a rule about an exec, where they are there.
 */
export type FieldPlace = 'kernel-before-exec' | 'kernel-at-exec' | 'user-space' | 'waiting';

export function placeOfField(field: Field): FieldPlace {
  const event = field.event === 'common' ? (field.restrictedTo?.[0] ?? 'exec') : field.event;
  if (event === 'exit' || event === 'fork') return 'user-space';
  if (event !== 'exec' || isWaiting(field)) return 'waiting';
  const lineage = lineageField(field);
  if (lineage !== undefined) return lineage.fate === 'kept' ? 'kernel-before-exec' : 'user-space';
  const settled = kernelField(field)?.settled;
  return settled === undefined ? 'user-space' : `kernel-${settled}`;
}
