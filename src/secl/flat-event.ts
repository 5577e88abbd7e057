/** An event from a flat map of field names to JSON values, as `policy eval` and policy tests write it. */
import { type Arguments, knownFlags, knownJoin, knownOptions } from './arguments.js';
import type { Bytes } from './bytes.js';
import { catalogue } from './catalogue/index.js';
import type { ElementList, Event } from './event.js';
import type { Field, IteratorName } from './field.js';
import { decodeValue, EventError, truncatedOf } from './flat-value.js';
import { readingOf, unknown, type Value, zeroValue } from './value.js';

/**
 * Reads the map. Fields that are absent have their zero value; `exec.X` and `process.X` stand for each other; `args`,
 * `args_flags` and `args_options` follow from `argv`. An iterator is an array of maps from the names of its elements'
 * fields; the fields of an iterator may also be given as parallel arrays. Names that are no field are passed over (see
 * `unknownNames`). Throws EventError when a value does not fit its field.
 */
export function eventFromFlat(map: Readonly<Record<string, unknown>>): Event {
  const values = new Map<string, Value>();
  const lists = new Map<IteratorName, ElementList>();
  for (const [name, value] of Object.entries(map)) {
    const field = catalogue.find(name);
    if (catalogue.isIterator(name)) lists.set(name, decodeElements(name, value));
    else if (field?.iterator !== undefined) addParallel(lists, field, value);
    else if (field !== undefined) values.set(name, decodeValue(field, value));
  }
  return new FlatEvent(values, lists);
}

/** The names in the map that are neither field nor iterator: most likely misspelt. */
export function unknownNames(map: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(map).filter((name) => catalogue.find(name) === undefined && !catalogue.isIterator(name));
}

class FlatEvent implements Event {
  readonly #values: ReadonlyMap<string, Value>;
  readonly #lists: ReadonlyMap<IteratorName, ElementList>;

  constructor(values: ReadonlyMap<string, Value>, lists: ReadonlyMap<IteratorName, ElementList>) {
    this.#values = values;
    this.#lists = lists;
  }

  get(field: Field): Value {
    return this.#own(field.name) ?? this.#fromArgv(field.name) ?? zeroValue(field.type, shapeOf(field));
  }

  iterate(iterator: IteratorName): ElementList {
    return this.#lists.get(iterator) ?? { elements: [], complete: true };
  }

  derived(field: Field): Value | undefined {
    return this.#own(field.name);
  }

  #own(name: string): Value | undefined {
    return this.#values.get(name) ?? this.#values.get(otherName(name));
  }

  #fromArgv(name: string): Value | undefined {
    const dot = name.lastIndexOf('.');
    const derive = derivations.get(name.slice(dot + 1));
    if (derive === undefined) return undefined;
    const argv = this.#own(`${name.slice(0, dot)}.argv`);
    return argv === undefined ? undefined : derive(argv);
  }
}

const derivations: ReadonlyMap<string, (argv: Value) => Value> = new Map([
  ['args', (argv) => withArguments(argv, knownJoin)],
  ['args_flags', (argv) => withArguments(argv, knownFlags)],
  ['args_options', (argv) => withArguments(argv, knownOptions)],
]);

function withArguments(argv: Value, derive: (argv: Arguments) => Value): Value {
  const partial =
    typeof argv === 'object' && 'known' in argv && argv.known === 'elements' && argv.partial !== undefined
      ? { partial: argv.partial }
      : {};
  const { elements, complete } = readingOf(argv);
  const whole = partial.partial === undefined ? elements : elements.slice(0, -1);
  if (!whole.every((element): element is Bytes => typeof element === 'string')) return unknown;
  return derive({ elements: whole, complete, ...partial });
}

/** Of an exec event, the process that caused it is the new program. */
function otherName(name: string): string {
  if (name.startsWith('exec.')) return `process.${name.slice('exec.'.length)}`;
  if (name.startsWith('process.')) return `exec.${name.slice('process.'.length)}`;
  return name;
}

/** An element of an iterator answers for the fields of one element: they are arrays only of themselves. */
function shapeOf(field: Field): 'scalar' | 'array' {
  if (field.iterator === undefined) return field.array ? 'array' : 'scalar';
  return elementIsArray(field) ? 'array' : 'scalar';
}

/** Whether the field is an array even within one element, as `args_flags` is. */
function elementIsArray(field: Field): boolean {
  const { iterator, element } = field;
  // The fields of an ancestor are those of the process it is an ancestor of.
  const base = iterator?.endsWith('.ancestors') ? iterator.slice(0, -'.ancestors'.length) : undefined;
  return base !== undefined && catalogue.find(`${base}.${element}`)?.array === true;
}

function decodeElements(iterator: IteratorName, value: unknown): ElementList {
  const truncated = truncatedOf(value);
  const list = truncated?.known ?? value;
  if (truncated?.nothing) return { elements: [], complete: false };
  if (!Array.isArray(list)) throw new EventError(iterator, 'must be an array of maps, one for each element');
  const elements = list.map((map: unknown) => {
    if (typeof map !== 'object' || map === null || Array.isArray(map)) {
      throw new EventError(iterator, 'must be an array of maps, one for each element');
    }
    const values = new Map<string, Value>();
    for (const [key, item] of Object.entries(map)) {
      const field = catalogue.find(key.startsWith(`${iterator}.`) ? key : `${iterator}.${key}`);
      if (field !== undefined) values.set(field.name, decodeElementValue(field, item));
    }
    return new FlatEvent(values, new Map());
  });
  return { elements, complete: truncated === undefined };
}

function decodeElementValue(field: Field, value: unknown): Value {
  return decodeValue({ ...field, array: elementIsArray(field) }, value);
}

/** `process.ancestors.comm: [a, b]`: the values of one field over all elements. */
function addParallel(lists: Map<IteratorName, ElementList>, field: Field, value: unknown): void {
  const iterator = field.iterator!;
  const truncated = truncatedOf(value);
  const list = truncated?.known ?? value;
  const items: readonly unknown[] = truncated?.nothing ? [] : Array.isArray(list) ? list : [list];
  const before = lists.get(iterator) ?? { elements: [], complete: true };
  const elements = Array.from({ length: Math.max(items.length, before.elements.length) }, (_, at) => {
    const element = before.elements[at];
    if (at >= items.length && element !== undefined) return element;
    return new Overlay(field, decodeElementValue(field, items[at]), element ?? new FlatEvent(new Map(), new Map()));
  });
  lists.set(iterator, { elements, complete: before.complete && truncated === undefined });
}

/** An element of which one more field is known. */
class Overlay implements Event {
  readonly #field: Field;
  readonly #value: Value;
  readonly #rest: Event;

  constructor(field: Field, value: Value, rest: Event) {
    this.#field = field;
    this.#value = value;
    this.#rest = rest;
  }

  get(field: Field): Value {
    return field.name === this.#field.name ? this.#value : this.#rest.get(field);
  }

  iterate(iterator: IteratorName): ElementList {
    return this.#rest.iterate(iterator);
  }

  derived(field: Field): Value | undefined {
    return field.name === this.#field.name ? this.#value : this.#rest.derived?.(field);
  }
}
