/** Reads typed values out of YAML nodes; what has another type is reported at its place. */
import { isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml';
import { type PolicyDocument, rangeOf } from './document.js';
import { parseDuration } from './duration.js';
import { didYouMean } from './nearest.js';
import type { Reporter } from './reporter.js';
import { type LocatedText, locatedText } from './scalar-text.js';

/** A value of a mapping, and the key it was given for. */
export interface Entry {
  readonly key: Scalar;
  readonly node: Node;
}
export type Entries = ReadonlyMap<string, Entry>;

/** YAML 1.1's other spellings of the booleans: the reference product takes them where a boolean is due. */
const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  yes: true,
  no: false,
  on: true,
  off: false,
};

export class Reader {
  readonly reporter: Reporter;
  readonly #document: PolicyDocument;

  constructor(document: PolicyDocument, reporter: Reporter) {
    this.#document = document;
    this.reporter = reporter;
  }

  get root(): Node {
    return this.#document.root;
  }

  /** The entries of a mapping. A key that is not known is a warning; an entry whose value is null counts as absent. */
  mapping(node: Node, what: string, known: readonly string[], rule?: string): Entries | undefined {
    const entries = this.freeMapping(node, what, rule);
    if (entries === undefined) return undefined;
    const understood = new Map<string, Entry>();
    for (const [name, entry] of entries) {
      if (known.includes(name)) {
        understood.set(name, entry);
        continue;
      }
      const message = `\`${name}\` is not a key of ${what}; it is ignored`;
      const help = didYouMean(name, known);
      this.reporter.report({ severity: 'warning', code: 'unknown-key', message, rule, help }, rangeOf(entry.key));
    }
    return understood;
  }

  /** The entries of a mapping that may have any keys; an entry whose value is null counts as absent. */
  freeMapping(node: Node, what: string, rule?: string): Entries | undefined {
    const target = this.#document.resolve(node);
    if (isScalar(target) && target.value === null) return new Map();
    if (!isMap(target)) return this.#wrong(node, `${what} is a mapping, not ${kindOf(target)}`, rule);
    const entries = new Map<string, Entry>();
    for (const { key, value } of target.items) {
      if (!isScalar(key)) {
        this.#wrong(key as Node, `a key of ${what} is a word`, rule);
        continue;
      }
      const given = value as Node | null;
      if (given !== null && !this.isNull(given)) entries.set(String(key.value), { key, node: given });
    }
    return entries;
  }

  isNull(node: Node): boolean {
    const target = this.#document.resolve(node);
    return isScalar(target) && target.value === null;
  }

  list(node: Node, what: string, rule?: string): readonly Node[] | undefined {
    const target = this.#document.resolve(node);
    if (!isSeq(target)) return this.#wrong(node, `${what} is a list, not ${kindOf(target)}`, rule);
    return target.items as Node[];
  }

  /** Text. A number or a boolean counts as its own spelling, as in `version: 1.2`. */
  text(node: Node, what: string, rule?: string): LocatedText | undefined {
    const target = this.#document.resolve(node);
    if (isScalar(target)) {
      const { value } = target;
      if (typeof value === 'string') return locatedText(target, value, this.reporter.source);
      if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
        return locatedText(target, target.source ?? String(value), this.reporter.source);
      }
    }
    return this.#wrong(node, `${what} is text, not ${kindOf(target)}`, rule);
  }

  boolean(node: Node, what: string, rule?: string): boolean | undefined {
    const target = this.#document.resolve(node);
    if (isScalar(target)) {
      if (typeof target.value === 'boolean') return target.value;
      const spelled = typeof target.value === 'string' ? booleans[target.value.toLowerCase()] : undefined;
      if (spelled !== undefined && target.type === 'PLAIN') return spelled;
    }
    return this.#wrong(node, `${what} is \`true\` or \`false\`, not ${kindOf(target)}`, rule);
  }

  /** A whole number of at least `least`. */
  integer(node: Node, what: string, least: number, rule?: string): number | undefined {
    const target = this.#document.resolve(node);
    const value = isScalar(target) ? target.value : undefined;
    if (typeof value === 'bigint') {
      if (value >= BigInt(least) && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
      return this.#wrong(node, `${what} is a number of at least ${least}, not ${value}`, rule);
    }
    return this.#wrong(node, `${what} is a whole number, not ${kindOf(target)}`, rule);
  }

  /** Nanoseconds: a duration such as `10m`, or a number of nanoseconds. */
  duration(node: Node, what: string, rule?: string): bigint | undefined {
    const target = this.#document.resolve(node);
    const value = isScalar(target) ? target.value : undefined;
    const parsed =
      typeof value === 'bigint' && value >= 0n ? value : typeof value === 'string' ? parseDuration(value) : undefined;
    if (parsed !== undefined) return parsed;
    return this.#wrong(node, `${what} is a duration such as \`30s\`, \`10m\` or \`1h30m\``, rule);
  }

  /** One of a few words. */
  word<Word extends string>(node: Node, what: string, words: readonly Word[], rule?: string): Word | undefined {
    const text = this.text(node, what, rule);
    if (text === undefined) return undefined;
    const word = words.find((known) => known === text.value);
    if (word !== undefined) return word;
    const message = `${what} is ${alternatives(words)}, not \`${text.value}\``;
    const help = didYouMean(text.value, words);
    this.reporter.report({ severity: 'error', code: 'wrong-value', message, rule, help }, text.range);
    return undefined;
  }

  /** A value of YAML's own types, for `set`: text, number, boolean, or a list of these of one type. */
  scalar(node: Node, what: string, rule?: string): string | bigint | boolean | undefined {
    const target = this.#document.resolve(node);
    const value = isScalar(target) ? target.value : undefined;
    if (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean') return value;
    return this.#wrong(node, `${what} is text, a whole number or a boolean, not ${kindOf(target)}`, rule);
  }

  /**
   * What the node is in JSON: whole numbers as bigints, or where text is due as they are spelled. Bounded as the file is:
   * see `expandedNodes`.
   */
  plain(node: Node, numbers: 'as-bigints' | 'as-spelled' = 'as-bigints'): unknown {
    const target = this.#document.resolve(node);
    if (isSeq(target)) return (target.items as Node[]).map((item) => this.plain(item, numbers));
    if (isMap(target)) {
      return Object.fromEntries(
        target.items.map(({ key, value }) => [
          isScalar(key) ? String(key.value) : '',
          value === null ? null : this.plain(value as Node, numbers),
        ]),
      );
    }
    if (!isScalar(target)) return null;
    const { value, source } = target;
    const isNumber = typeof value === 'bigint' || typeof value === 'number';
    return isNumber && numbers === 'as-spelled' ? (source ?? String(value)) : value;
  }

  isList(node: Node): boolean {
    return isSeq(this.#document.resolve(node));
  }

  #wrong(node: Node, message: string, rule: string | undefined): undefined {
    this.reporter.report({ severity: 'error', code: 'wrong-type', message, rule }, rangeOf(node));
    return undefined;
  }
}

function alternatives(words: readonly string[]): string {
  const quoted = words.map((word) => `\`${word}\``);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

function kindOf(node: Node): string {
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  if (!isScalar(node)) return 'an alias';
  switch (typeof node.value) {
    case 'string':
      return 'text';
    case 'boolean':
      return 'a boolean';
    case 'number':
    case 'bigint':
      return 'a number';
    default:
      return 'nothing';
  }
}
