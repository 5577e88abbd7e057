/** What a `set` action stores: a value of the policy, a field of the event, or something computed from both. */
import type { SetAction, VariableKind } from '../policy/ruleset.js';
import {
  type Context,
  catalogue,
  type Element,
  type Event,
  evaluateValue,
  type FieldUse,
  readingOf,
  type ValueTerm,
} from '../secl/index.js';
import { limits } from './limits.js';

/** The elements to store; undefined: not known, or too large to keep. */
export function elementsToSet(action: SetAction, event: Event, context: Context): readonly Element[] | undefined {
  const { source, variable } = action;
  if (source.from === 'value') return Array.isArray(source.value) ? source.value : [source.value as Element];
  const term = source.from === 'expression' ? source.term : fieldTerm(source.field, variable.kind);
  const { elements, complete } = readingOf(evaluateValue(term, 'array', event, context));
  // Of a list in part known the rest would be missed without a trace.
  if (!complete || !elements.every(isStorable)) return undefined;
  return elements;
}

function isStorable(element: Element): boolean {
  if (typeof element === 'string') return element.length <= limits.textBytes.value;
  return typeof element !== 'object' || 'family' in element;
}

/** The loader has checked that the field is there and of this type. */
function fieldTerm(name: string, kind: VariableKind): ValueTerm {
  const field = fieldUse(name);
  switch (kind) {
    case 'string':
      return { value: 'text', text: { text: 'field', field } };
    case 'int':
      return { value: 'number', term: { term: 'field', field } };
    case 'ip':
      return { value: 'address', ip: { ip: 'field', field } };
    case 'bool':
      return { value: 'truth', expression: { node: 'flag', field } };
  }
}

/** A field of the catalogue, or one element of an array field: `exec.argv[0]`. */
export function fieldUse(name: string): FieldUse {
  const whole = catalogue.find(name);
  if (whole !== undefined) return { field: whole, start: 0, end: 0 };
  const [, base = '', index = ''] = /^(.*)\[(\d+)\]$/.exec(name) ?? [];
  const array = catalogue.find(base);
  if (array === undefined) throw new RangeError(`there is no field ${name}`);
  const { iterator: _, element: __, ...rest } = array;
  const field = {
    ...rest,
    name,
    canonical: `${array.canonical}[${index}]`,
    array: false,
    elementOf: { field: array, index: Number(index) },
  };
  return { field, start: 0, end: 0 };
}
