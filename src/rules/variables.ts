/**
 * The values of variables, by what they belong to. Bounded: what belongs to the least recently used process, container or
 * control group is forgotten first. Times are nanoseconds since boot, those of the events, so that nothing here asks a clock.
 */
import { Recent } from '../events/recent.js';
import { type Element, printIp, type Value } from '../secl/index.js';
import { limits } from './limits.js';

/** Whose variables: `global`, or a key of a process, container or control group. */
export type Owner = string;
export const globalOwner: Owner = 'global';

/** How a value is to be kept. */
export interface Keeping {
  /** When it is forgotten. */
  readonly expires?: bigint;
  /** Children of the process that are forked from now on have it too. */
  readonly inherited: boolean;
  readonly now: bigint;
}

interface Held {
  readonly content: Content;
  /** When it was set last. */
  readonly since: bigint;
  readonly inherited: boolean;
}

type Content =
  | { readonly form: 'scalar'; readonly element: Element; readonly expires: bigint | undefined }
  | { readonly form: 'list'; readonly elements: Map<string, Item>; bytes: number };

interface Item {
  readonly element: Element;
  readonly expires: bigint | undefined;
}

interface Variables {
  readonly byName: Map<string, Held>;
}

/** A value, and since when the owner has it. */
export interface Found {
  readonly value: Value;
  readonly since: bigint;
  readonly inherited: boolean;
}

export class VariableStore {
  readonly #global: Variables = { byName: new Map() };
  readonly #owned = new Recent<Owner, Variables>(limits.variableBytes.value, bytesOf);
  #forgotten = 0;

  /** Owners whose variables were forgotten for want of room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  get bytes(): number {
    return this.#owned.cost;
  }

  find(owner: Owner, name: string, now: bigint): Found | undefined {
    const held = this.#of(owner)?.byName.get(name);
    if (held === undefined) return undefined;
    const { content, since, inherited } = held;
    if (content.form === 'scalar') {
      if (isPast(content.expires, now)) return undefined;
      return { value: content.element, since, inherited };
    }
    // The oldest come first, but with different ttl the order of their ends may be another.
    const elements = [...content.elements.values()].filter(({ expires }) => !isPast(expires, now));
    if (elements.length === 0) return undefined;
    return { value: elements.map(({ element }) => element), since, inherited };
  }

  setScalar(owner: Owner, name: string, element: Element, { expires, inherited, now }: Keeping): void {
    this.#keep(owner, name, { content: { form: 'scalar', element, expires }, since: now, inherited });
  }

  /** A whole list in place of what was there. */
  setList(owner: Owner, name: string, elements: readonly Element[], size: number, keeping: Keeping): void {
    const content: Content = { form: 'list', elements: new Map(), bytes: 0 };
    add(content, elements, size, keeping.expires);
    this.#keep(owner, name, { content, since: keeping.now, inherited: keeping.inherited });
  }

  /**
   * Puts elements behind those that are there, or behind `initial`. An element that is there already moves to the end and
   * lives anew; what is more than `size` falls off at the beginning.
   */
  append(
    owner: Owner,
    name: string,
    elements: readonly Element[],
    { size, initial, ...keeping }: Keeping & { readonly size: number; readonly initial: readonly Element[] },
  ): void {
    const held = this.#of(owner)?.byName.get(name);
    let content = held?.content;
    if (content?.form !== 'list') {
      content = { form: 'list', elements: new Map(), bytes: 0 };
      add(content, initial, size, undefined);
    }
    for (const [key, item] of content.elements) if (isPast(item.expires, keeping.now)) remove(content, key, item);
    add(content, elements, size, keeping.expires);
    this.#keep(owner, name, { content, since: keeping.now, inherited: keeping.inherited });
  }

  #of(owner: Owner): Variables | undefined {
    return owner === globalOwner ? this.#global : this.#owned.get(owner);
  }

  #keep(owner: Owner, name: string, held: Held): void {
    const variables = this.#of(owner) ?? { byName: new Map<string, Held>() };
    variables.byName.set(name, held);
    if (owner !== globalOwner) this.#forgotten += this.#owned.set(owner, variables);
  }
}

function isPast(expires: bigint | undefined, now: bigint): boolean {
  return expires !== undefined && expires <= now;
}

type ListContent = Extract<Content, { form: 'list' }>;

function add(content: ListContent, elements: readonly Element[], size: number, expires: bigint | undefined): void {
  for (const element of elements) {
    const key = keyOf(element);
    const before = content.elements.get(key);
    if (before !== undefined) remove(content, key, before);
    content.elements.set(key, { element, expires });
    content.bytes += elementBytes(element);
  }
  for (const [key, item] of content.elements) {
    if (content.elements.size <= size && content.bytes <= limits.listBytes.value) break;
    remove(content, key, item);
  }
}

function remove(content: ListContent, key: string, { element }: Item): void {
  content.elements.delete(key);
  content.bytes -= elementBytes(element);
}

/** One text for each value of an element, whatever its type. */
export function keyOf(element: Element): string {
  if (typeof element === 'object') return 'family' in element ? `a${printIp(element)}` : 'u';
  return `${typeof element}:${element}`;
}

function elementBytes(element: Element): number {
  const overhead = 96;
  return typeof element === 'string' ? overhead + element.length : overhead;
}

function bytesOf({ byName }: Variables): number {
  let bytes = 256;
  for (const [name, { content }] of byName) {
    bytes += 128 + name.length;
    bytes += content.form === 'list' ? content.bytes : elementBytes(content.element);
  }
  return bytes;
}
