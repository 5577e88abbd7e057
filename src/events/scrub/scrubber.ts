/**
 * Keeps secrets out of what the agent writes. Rules decide on what a program was really given; this is applied to what
 * was decided, when it becomes an event, a line of the log or an answer. It knows names (`--password x`, `TOKEN=x`), URLs
 * with passwords, tokens of well-known issuers, and the operator's own patterns; docs/events.md says what it does not know.
 */

import { fromBytes } from '../../secl/bytes.js';
import type { AncestorJson, EventJson, Text } from '../event.js';
import { share } from '../json-text.js';
import { limits } from '../limits.js';
import { Recent } from '../recent.js';
import { argumentSecrets } from './arguments.js';
import { isSecretName } from './names.js';
import { SecretPattern } from './patterns.js';
import { MASK, masked, merged, type Range } from './ranges.js';
import { wellKnownSecrets } from './well-known.js';

export class Scrubber {
  readonly #patterns: readonly SecretPattern[];
  /** Secrets of arguments: rules may have put them, without their names, into variables. */
  readonly #seen = new Recent<string, true>(limits.scrubMemory.value);
  /** Ancestors as they came, and as they may be shown. */
  readonly #ancestors = new WeakMap<AncestorJson[], AncestorJson[]>();

  /** `patterns`: in RE2 syntax. Throws ScrubPatternError with a sentence. */
  constructor(patterns: readonly string[] = []) {
    this.#patterns = patterns.map((source) => new SecretPattern(source));
  }

  /** One text: a sentence, a command line, a single argument. */
  text(text: string): string {
    return masked(text, this.#secretsOf(text));
  }

  /** A list of arguments, with or without the first. */
  args(args: readonly string[]): string[] {
    const secrets = this.#secretsOfArguments(args);
    return args.map((arg, index) => masked(arg, secrets?.[index] ?? []));
  }

  /** Everything in a value that is made into JSON; a list of texts is taken for a list of arguments. */
  json<Value>(value: Value): Value {
    return this.#json(value) as Value;
  }

  /** An event without the secrets of its arguments. What the author of a policy wrote stays as it is. */
  event(event: EventJson): EventJson {
    const { process, evt } = event;
    // First, so that they are known in the variables, wherever those stand.
    const args = process.args && this.#list(process.args);
    const ancestors = this.#ancestorsOf(process.ancestors);
    const parent =
      process.parent === process.ancestors[0] ? ancestors[0] : process.parent && this.#object(process.parent);
    const done = { args, ancestors, parent };
    return {
      ...event,
      evt: this.#object(evt, { matched_rules: evt.matched_rules }),
      exit: event.exit && this.#object(event.exit),
      file: this.#object(event.file),
      process: this.#object(process, done),
      container: event.container && this.#object(event.container),
      cgroup: this.#object(event.cgroup),
      usr: this.#object(event.usr),
    };
  }

  /** Many events have the same ones. */
  #ancestorsOf(ancestors: AncestorJson[]): AncestorJson[] {
    const known = this.#ancestors.get(ancestors);
    if (known !== undefined) return known;
    const each = ancestors.map((ancestor) => this.#object(ancestor));
    const shown = each.every((ancestor, index) => ancestor === ancestors[index]) ? ancestors : share(each.map(share));
    this.#ancestors.set(ancestors, shown);
    return shown;
  }

  #json(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.every(isText) ? this.#list(value) : value.map((item) => this.#json(item));
    if (isBytes(value)) return this.#rewritten(value, (text) => this.text(text));
    return this.#object(value);
  }

  /** The same object where nothing in it is to be hidden. `done`: members that were seen to. */
  #object<Value extends object>(value: Value, done: Partial<Value> = {}): Value {
    let copy: Value | undefined;
    for (const key in value) {
      const before = value[key];
      const after = key in done ? done[key] : key === 'variables' ? this.#variables(before) : this.#json(before);
      if (after === before) continue;
      copy ??= { ...value };
      copy[key] = after as typeof before;
    }
    return copy ?? value;
  }

  /** The same list where nothing in it is to be hidden. */
  #list(items: Text[]): Text[] {
    const plain = items.every((item) => typeof item === 'string');
    const secrets = this.#secretsOfArguments(plain ? (items as string[]) : items.map(textOf));
    if (secrets === undefined) return items;
    return items.map((item, index) => this.#rewritten(item, (text) => masked(text, secrets[index]!)));
  }

  /** Variables by name. Their values come from arguments, and often without what named them there. */
  #variables(variables: unknown): unknown {
    if (typeof variables !== 'object' || variables === null) return variables;
    const shown = Object.entries(variables).map(([name, value]: [string, unknown]) => {
      if (isSecretName(name)) return [name, MASK];
      const items = Array.isArray(value) ? value : [value];
      const known = items.map((item: unknown) =>
        isText(item) ? this.#rewritten(item, (text) => this.#forget(text)) : item,
      );
      return [name, this.#json(Array.isArray(value) ? known : known[0])];
    });
    return Object.fromEntries(shown);
  }

  /** A text without the secrets that arguments have shown lately. */
  #forget(text: string): string {
    let result = text;
    for (const secret of this.#seen.keys()) if (result.includes(secret)) result = result.replaceAll(secret, MASK);
    return result;
  }

  #rewritten(item: Text, rewrite: (text: string) => string): Text {
    const text = textOf(item);
    const result = rewrite(text);
    if (result === text) return item;
    return typeof item === 'string' ? result : fromBytes(result);
  }

  #secretsOf(text: string): readonly Range[] {
    if (this.#patterns.length === 0) return wellKnownSecrets(text);
    return [...this.#patterns.flatMap((pattern) => pattern.find(text)), ...wellKnownSecrets(text)];
  }

  /** By argument; undefined when there are none. */
  #secretsOfArguments(args: readonly string[]): Range[][] | undefined {
    const spread = argumentSecrets(args);
    const joined = this.#patterns.length === 0 ? undefined : this.#secretsAcross(args);
    let found: Range[][] | undefined;
    for (let index = 0; index < args.length; index++) {
      const [one, other, own] = [spread[index]!, joined?.[index] ?? [], this.#secretsOf(args[index]!)];
      if (one.length === 0 && other.length === 0 && own.length === 0) continue;
      const secrets = merged([...one, ...other, ...own]);
      for (const { start, end } of secrets) {
        if (end - start >= limits.scrubRemembered.value) this.#seen.set(args[index]!.slice(start, end), true);
      }
      found ??= args.map(() => []);
      found[index] = secrets;
    }
    return found;
  }

  /** A pattern of the operator's may speak of several arguments: it sees them with blanks between. */
  #secretsAcross(args: readonly string[]): Range[][] {
    const ranges = merged(this.#patterns.flatMap((pattern) => pattern.find(args.join(' '))));
    let at = 0;
    return args.map((arg) => {
      const begin = at;
      at += arg.length + 1;
      return ranges
        .filter(({ start, end }) => start < begin + arg.length && end > begin)
        .map(({ start, end }) => ({ start: Math.max(0, start - begin), end: Math.min(arg.length, end - begin) }));
    });
  }
}

function isBytes(value: unknown): value is Exclude<Text, string> {
  return typeof value === 'object' && value !== null && '$base64' in value && typeof value.$base64 === 'string';
}

function isText(value: unknown): value is Text {
  return typeof value === 'string' || isBytes(value);
}

/** Text, or bytes with one character for each: secrets are looked for in both. */
function textOf(item: Text): string {
  return typeof item === 'string' ? item : Buffer.from(item.$base64, 'base64').toString('latin1');
}
