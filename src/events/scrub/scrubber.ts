/**
 * Keeps secrets out of what the agent writes. Rules decide on what a program was really given; this is applied to what
 * was decided, when it becomes an event, a line of the log or an answer. It knows names (`--password x`, `TOKEN=x`), URLs
 * with passwords, tokens of well-known issuers, and the operator's own patterns; docs/events.md says what it does not know.
 */

import { fromBytes } from '../../secl/bytes.js';
import type { EventJson, Text } from '../event.js';
import { limits } from '../limits.js';
import { Recent } from '../recent.js';
import { argumentSecrets } from './arguments.js';
import { namedValues } from './named-values.js';
import { isSecretName } from './names.js';
import { SecretPattern } from './patterns.js';
import { MASK, masked, merged, type Range } from './ranges.js';
import { tokens } from './tokens.js';
import { urlPasswords } from './url-passwords.js';

export class Scrubber {
  readonly #patterns: readonly SecretPattern[];
  /** Secrets of arguments: rules may have put them, without their names, into variables. */
  readonly #seen = new Recent<string, true>(limits.scrubMemory.value);

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
    return args.map((arg, index) => masked(arg, secrets[index]!));
  }

  /** Everything in a value that is made into JSON; a list of texts is taken for a list of arguments. */
  json<Value>(value: Value): Value {
    return this.#json(value) as Value;
  }

  /** An event without the secrets of its arguments. What the author of a policy wrote stays as it is. */
  event(event: EventJson): EventJson {
    const { title, tags, agent, portcullis, ...facts } = event;
    // First, so that they are known in the variables, wherever those stand.
    this.#json(event.process.args);
    const scrubbed = this.json(facts);
    return { ...event, ...scrubbed, evt: { ...scrubbed.evt, matched_rules: event.evt.matched_rules } };
  }

  #json(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.every(isText) ? this.#list(value) : value.map((item) => this.#json(item));
    if (isBytes(value)) return this.#rewritten(value, (text) => this.text(text));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, item]) => [
      key,
      key === 'variables' ? this.#variables(item) : this.#json(item),
    ]);
    return Object.fromEntries(entries);
  }

  #list(items: readonly Text[]): Text[] {
    const secrets = this.#secretsOfArguments(items.map(textOf));
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

  #secretsOf(text: string): Range[] {
    const own = this.#patterns.flatMap((pattern) => pattern.find(text));
    // Most texts are names and paths: one look is enough for them.
    if (!suspicious.test(text)) return own;
    return [...own, ...namedValues(text), ...urlPasswords(text), ...tokens(text)];
  }

  #secretsOfArguments(args: readonly string[]): Range[][] {
    const spread = argumentSecrets(args);
    const joined = this.#secretsAcross(args);
    return args.map((arg, index) => {
      const secrets = merged([...spread[index]!, ...joined[index]!, ...this.#secretsOf(arg)]);
      for (const { start, end } of secrets) {
        if (end - start >= limits.scrubRemembered.value) this.#seen.set(arg.slice(start, end), true);
      }
      return secrets;
    });
  }

  /** A pattern of the operator's may speak of several arguments: it sees them with blanks between. */
  #secretsAcross(args: readonly string[]): Range[][] {
    if (this.#patterns.length === 0) return args.map(() => []);
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

/** What every secret that is known has in it, or near it. */
const suspicious = /pass|pwd|token|secret|key|credential|auth|cookie|bearer|:\/\/|[A-Za-z0-9_.-]{16}/i;

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
