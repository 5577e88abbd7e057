/** What is told about a field: its type, its event, where it decides. */
import { type FieldPlace, placeOfField } from '../compiler/index.js';
import { catalogue, type Field } from '../secl/index.js';

export interface FieldFacts {
  readonly name: string;
  /** Such as `string`, `path[]`, `int`. */
  readonly type: string;
  readonly event: string;
  readonly place: FieldPlace;
  readonly description: string;
  readonly since?: string;
}

export function allFields(): readonly FieldFacts[] {
  return catalogue.all().map(factsOf);
}

function factsOf(field: Field): FieldFacts {
  const { name, event, description, since } = field;
  return {
    name,
    type: typeOf(field),
    event,
    place: placeOfField(field),
    description,
    ...(since !== undefined && { since }),
  };
}

function typeOf({ type, array, path, time }: Field): string {
  const base = path ? 'path' : time ? 'time' : type;
  return array ? `${base}[]` : base;
}

/** How tables name the places. */
export const placeNames: Readonly<Record<FieldPlace, string>> = {
  'kernel-before-exec': 'kernel',
  'kernel-at-exec': 'kernel, at exec',
  'user-space': 'user space',
  waiting: 'waiting',
};
