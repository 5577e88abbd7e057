/**
 * Label expressions: which hosts a release is for.
 *
 *   env=prod && role in [web, api]      !(zone = eu-1) || canary
 *
 * A host has labels, each with one value. `key=value`, `key!=value`, `key in [..]`, `key not in [..]`; a key alone asks
 * whether the host has that label. `!=` and `not in` also hold on hosts without it. `&&` binds more than `||`. The empty
 * expression holds everywhere.
 */
import { SelectorError } from '../errors.js';
import { limits } from '../limits.js';

export type Labels = Readonly<Record<string, string>>;

export type Selector =
  | { readonly node: 'all' }
  | { readonly node: 'has'; readonly key: string }
  | { readonly node: 'in'; readonly key: string; readonly values: readonly string[] }
  | { readonly node: 'not'; readonly operand: Selector }
  | { readonly node: 'and' | 'or'; readonly operands: readonly Selector[] };

const word = /^[A-Za-z0-9_][A-Za-z0-9_./:@-]*$/;

/** Whether a text can be the key or the value of a label. */
export function isLabelWord(text: string): boolean {
  return text.length <= 256 && word.test(text);
}

/** Throws SelectorError. */
export function parseSelector(text: string): Selector {
  if (Buffer.byteLength(text) > limits.selectorBytes.value) {
    throw new SelectorError(`a label expression has at most ${limits.selectorBytes.value} bytes`, 0, text.length);
  }
  return new Parser(text).parse();
}

/** Whether the expression holds on a host with these labels. */
export function selects(selector: Selector, labels: Labels): boolean {
  switch (selector.node) {
    case 'all':
      return true;
    case 'has':
      return Object.hasOwn(labels, selector.key);
    case 'in':
      return Object.hasOwn(labels, selector.key) && selector.values.includes(labels[selector.key]!);
    case 'not':
      return !selects(selector.operand, labels);
    case 'and':
      return selector.operands.every((operand) => selects(operand, labels));
    case 'or':
      return selector.operands.some((operand) => selects(operand, labels));
  }
}

interface Token {
  readonly text: string;
  readonly start: number;
  readonly quoted: boolean;
}

const tokens = /\s*(?:("[^"\\]*")|(&&|\|\||!=|==?|[!()[\],])|([A-Za-z0-9_][A-Za-z0-9_./:@-]*))/y;

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #next: Token | undefined;

  constructor(text: string) {
    this.#text = text;
    this.#next = this.#read();
  }

  parse(): Selector {
    if (this.#next === undefined) return { node: 'all' };
    const selector = this.#or();
    if (this.#next !== undefined) this.#fail('`&&`, `||` or the end is expected here');
    return selector;
  }

  #or(): Selector {
    const operands = [this.#and()];
    while (this.#take('||')) operands.push(this.#and());
    return operands.length === 1 ? operands[0]! : { node: 'or', operands };
  }

  #and(): Selector {
    const operands = [this.#unary()];
    while (this.#take('&&')) operands.push(this.#unary());
    return operands.length === 1 ? operands[0]! : { node: 'and', operands };
  }

  #unary(): Selector {
    let negations = 0;
    while (this.#take('!')) negations++;
    const operand = this.#operand();
    return negations % 2 === 0 ? operand : { node: 'not', operand };
  }

  #operand(): Selector {
    if (this.#take('(')) {
      if (++this.#depth > limits.selectorDepth.value) this.#fail('there are too many open parentheses');
      const inner = this.#or();
      if (!this.#take(')')) this.#fail('`)` is expected here');
      this.#depth--;
      return inner;
    }
    const key = this.#word('a label');
    if (this.#take('=') || this.#take('==')) return { node: 'in', key, values: [this.#word('a value')] };
    if (this.#take('!=')) return { node: 'not', operand: { node: 'in', key, values: [this.#word('a value')] } };
    if (this.#take('in')) return { node: 'in', key, values: this.#list() };
    if (this.#take('not')) {
      if (!this.#take('in')) this.#fail('`in` is expected after `not`');
      return { node: 'not', operand: { node: 'in', key, values: this.#list() } };
    }
    return { node: 'has', key };
  }

  #list(): string[] {
    if (!this.#take('[')) this.#fail('a list like `[a, b]` is expected here');
    const values = [this.#word('a value')];
    while (this.#take(',')) values.push(this.#word('a value'));
    if (!this.#take(']')) this.#fail('`,` or `]` is expected here');
    return values;
  }

  #word(what: string): string {
    const token = this.#next;
    if (token === undefined || (!token.quoted && !word.test(token.text))) return this.#fail(`${what} is expected here`);
    this.#next = this.#read();
    return token.text;
  }

  #take(text: string): boolean {
    if (this.#next === undefined || this.#next.quoted || this.#next.text !== text) return false;
    this.#next = this.#read();
    return true;
  }

  #read(): Token | undefined {
    tokens.lastIndex = this.#at;
    const match = tokens.exec(this.#text);
    if (match === null) {
      const start = this.#at + /^\s*/.exec(this.#text.slice(this.#at))![0].length;
      if (start === this.#text.length) return undefined;
      throw new SelectorError(`\`${this.#text[start]}\` does not belong in a label expression`, start, start + 1);
    }
    this.#at = tokens.lastIndex;
    const text = (match[1]?.slice(1, -1) ?? match[2] ?? match[3])!;
    return { text, start: this.#at - match[0].trimStart().length, quoted: match[1] !== undefined };
  }

  #fail(message: string): never {
    const start = this.#next?.start ?? this.#text.length;
    throw new SelectorError(message, start, start + (this.#next?.text.length ?? 0));
  }
}
