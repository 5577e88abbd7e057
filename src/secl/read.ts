/** Reads fields, variables and terms of an expression from an event. */
import type { Bytes } from './bytes.js';
import { catalogue } from './catalogue/index.js';
import type { Event } from './event.js';
import type { IpTerm, Term, TextTerm, VariableUse } from './expression.js';
import type { Field, FieldUse, IteratorName } from './field.js';
import { calculate } from './integer.js';
import { rootDomain } from './root-domain.js';
import { type Element, type Reading, readingOf, unknown, type Value, zeroValue } from './value.js';

/** What an expression is evaluated with, besides the event. */
export interface Context {
  /** Nanoseconds since the epoch, for ages. */
  readonly now: bigint;
  /** By name without `${}`. A variable that is not there has the zero value of its type. */
  readonly variables?: { get(name: string): Value | undefined };
}

/** An event, the context, and the element that the register is at. */
export interface Scene {
  readonly event: Event;
  readonly context: Context;
  readonly at?: { readonly iterator: IteratorName; readonly element: Event };
}

export function readField(use: FieldUse, scene: Scene): Reading {
  const { field } = use;
  if (field.elementOf !== undefined) return { elements: [elementAt(field, scene)], complete: true };
  if (field.iterator === undefined) return readingOf(factOf(field, scene.event));
  if (use.register !== undefined && scene.at !== undefined) return readingOf(factOf(field, scene.at.element));
  const list = scene.event.iterate(field.iterator);
  const readings = list.elements.map((element) => readingOf(factOf(field, element)));
  return {
    elements: readings.flatMap(({ elements }) => elements),
    complete: list.complete && readings.every(({ complete }) => complete),
  };
}

export function readVariable(use: VariableUse, { context }: Scene): Reading {
  const value = context.variables?.get(use.name) ?? zeroValue(use.type.type, use.type.array ? 'array' : 'scalar');
  return readingOf(value);
}

/** The numbers a term may be: one, or several where it is an array. */
export function readTerm(term: Term, scene: Scene): Reading {
  switch (term.term) {
    case 'integer':
      return { elements: [term.value], complete: true };
    case 'field':
      return numbers(readField(term.field, scene), scene);
    case 'variable':
      return numbers(readVariable(term.variable, scene), scene);
    case 'size':
      return { elements: [sizeOf(term.of, scene)], complete: true };
    case 'negate':
      return mapNumbers(readTerm(term.operand, scene), (value) => BigInt.asIntN(64, -value));
    case 'complement':
      return mapNumbers(readTerm(term.operand, scene), (value) => ~value);
    case 'binary': {
      const left = readTerm(term.left, scene);
      const right = readTerm(term.right, scene);
      const pairs = left.elements.map((one) =>
        mapNumbers(right, (other) => (typeof one === 'bigint' ? calculate(term.operator, one, other) : unknown)),
      );
      return {
        elements: pairs.flatMap(({ elements }) => elements),
        complete: left.complete && right.complete,
      };
    }
  }
}

export function readText(text: TextTerm, scene: Scene): Reading {
  switch (text.text) {
    case 'constant':
      return { elements: [text.bytes], complete: true };
    case 'field':
      return readField(text.field, scene);
    case 'variable':
      return readVariable(text.variable, scene);
    case 'number':
      return mapNumbers(readTerm(text.number, scene), (value) => value.toString());
    case 'interpolation':
      return { elements: [joinPieces(text.pieces, scene)], complete: true };
  }
}

export function readIp(ip: IpTerm, scene: Scene): Reading {
  switch (ip.ip) {
    case 'constant':
      return { elements: ip.networks, complete: true };
    case 'field':
      return readField(ip.field, scene);
    case 'variable':
      return readVariable(ip.variable, scene);
  }
}

function factOf(field: Field, event: Event): Value {
  const { lengthOf, rootDomainOf } = field;
  if (lengthOf === undefined && rootDomainOf === undefined) return event.get(field);
  const own = event.derived?.(field);
  if (own !== undefined) return own;
  if (lengthOf !== undefined && catalogue.isIterator(lengthOf)) {
    const list = event.iterate(lengthOf);
    return list.complete ? BigInt(list.elements.length) : unknown;
  }
  const base = event.get(catalogue.find((lengthOf ?? rootDomainOf)!)!);
  const derive = lengthOf === undefined ? rootDomain : (bytes: Bytes) => BigInt(bytes.length);
  const { elements, complete } = readingOf(base);
  const derived = elements.map((element) => (typeof element === 'string' ? derive(element) : unknown));
  if (!complete) return { known: 'elements', elements: derived };
  // Hosts of one domain give it once.
  if (field.array && rootDomainOf !== undefined) return [...new Set(derived)];
  return field.array ? derived : (derived[0] ?? unknown);
}

function elementAt({ elementOf, type }: Field, scene: Scene): Element {
  const { field, index } = elementOf!;
  const reading = readField({ field, start: 0, end: 0 }, scene);
  const element = reading.elements[index];
  if (element !== undefined) return element;
  if (!reading.complete) return unknown;
  const zero = zeroValue(type, 'scalar');
  return readingOf(zero).elements[0] ?? unknown;
}

/** Ages become times, and what is no number is not known. */
function numbers(reading: Reading, { context }: Scene): Reading {
  const elements = reading.elements.map((element) => {
    if (typeof element === 'bigint') return element;
    if (typeof element === 'object' && 'known' in element && element.known === 'age') {
      return context.now - element.nanoseconds;
    }
    return unknown;
  });
  return { elements, complete: reading.complete };
}

function mapNumbers(reading: Reading, map: (value: bigint) => Element): Reading {
  const elements = reading.elements.map((element) => (typeof element === 'bigint' ? map(element) : unknown));
  return { elements, complete: reading.complete };
}

/** Bytes of a string, or elements of an array. */
function sizeOf(of: TextTerm | Term, scene: Scene): Element {
  const reading = 'text' in of ? readText(of, scene) : readTerm(of, scene);
  if (isArraySource(of)) return reading.complete ? BigInt(reading.elements.length) : unknown;
  const [element] = reading.elements;
  return typeof element === 'string' ? BigInt(element.length) : unknown;
}

function isArraySource(of: TextTerm | Term): boolean {
  if ('text' in of && of.text === 'field') return of.field.field.array;
  if ('text' in of && of.text === 'variable') return of.variable.type.array;
  return 'term' in of;
}

/** Pieces one after another; the elements of an array with commas between. Known up to the first unknown byte. */
function joinPieces(pieces: readonly TextTerm[], scene: Scene): Element {
  let text = '';
  for (const piece of pieces) {
    const { elements, complete } = readText(piece, scene);
    for (const [at, element] of elements.entries()) {
      if (at > 0) text += ',';
      if (typeof element === 'string') text += element;
      else return { known: 'prefix', prefix: text + knownPrefix(element) };
    }
    if (!complete) return { known: 'prefix', prefix: text };
  }
  return text;
}

function knownPrefix(element: Element): Bytes {
  return typeof element === 'object' && 'known' in element && element.known === 'prefix' ? element.prefix : '';
}
