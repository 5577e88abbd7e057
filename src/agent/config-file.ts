/** The configuration file: YAML in, the keys it sets with their lines out, every mistake with its place. */
import { readFileSync } from 'node:fs';
import { isAlias, isMap, isScalar, LineCounter, type Pair, parseDocument, visit, type YAMLMap } from 'yaml';
import { didYouMean } from '../policy/nearest.js';
import { whyUnreadable } from '../policy/why-unreadable.js';
import { ConfigError } from './config-error.js';
import { mistakeText } from './config-mistake.js';
import { placeAt, type Setting } from './config-schema.js';
import { limits } from './limits.js';

/** A key that the file sets. */
export interface FileValue {
  readonly setting: Setting;
  /** As it is written, checked. */
  readonly value: unknown;
  readonly line: number;
}

export interface ConfigFile {
  readonly values: readonly FileValue[];
  /** In the order of the file. With one of them the file is not used. */
  readonly mistakes: readonly ConfigError[];
}

/** Reads the file at `path`. Throws ConfigError `config-unreadable`. */
export function readConfigFile(path: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError('config-unreadable', `Cannot read ${path}: ${whyUnreadable(error)}.`);
  }
  return parseConfigFile(text, path);
}

/** Reads the text of a configuration file. `file` is only named in mistakes. */
export function parseConfigFile(text: string, file: string): ConfigFile {
  if (Buffer.byteLength(text) > limits.configBytes.value) {
    const message = `${file}: larger than ${limits.configBytes.value} ${limits.configBytes.unit}.`;
    return { values: [], mistakes: [new ConfigError('config-yaml', message)] };
  }
  const reader = new Reader(text, file);
  reader.read();
  return reader;
}

class Reader implements ConfigFile {
  readonly values: FileValue[] = [];
  readonly mistakes: ConfigError[] = [];
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseDocument>;

  constructor(text: string, file: string) {
    this.#file = file;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, uniqueKeys: true });
  }

  read(): void {
    const { errors, contents } = this.#document;
    for (const { message, pos } of errors) this.#mistake('config-yaml', message, pos[0]);
    if (errors.length > 0 || contents === null || (isScalar(contents) && contents.value === null)) return;
    // A small file needs none, and without them nothing can expand.
    const alias = this.#firstAlias();
    if (!isMap(contents)) this.#mistake('config-yaml', 'The configuration is a mapping of keys to values.', 0);
    else if (alias !== undefined)
      this.#mistake('config-yaml', 'Aliases are not read here; write the value out.', alias);
    else this.#section(contents, []);
  }

  #section(map: YAMLMap, above: readonly string[]): void {
    for (const pair of map.items) this.#pair(pair, [...above, String(isScalar(pair.key) ? pair.key.value : pair.key)]);
  }

  #pair({ key, value }: Pair, path: readonly string[]): void {
    const place = placeAt(path);
    const keyOffset = offsetOf(key) ?? 0;
    const offset = offsetOf(value) ?? keyOffset;
    switch (place.is) {
      case 'setting':
        this.#value(place.setting, value, offset, keyOffset);
        break;
      case 'section':
        if (isMap(value)) this.#section(value, path);
        // `log:` with nothing below says nothing.
        else if (value !== null && !(isScalar(value) && value.value === null)) {
          const names = place.names.join(', ');
          this.#mistake('config-value', `\`${path.join('.')}\` has keys of its own: ${names}.`, offset);
        }
        break;
      case 'nothing':
        this.#mistake('config-key', unknownKey(path), keyOffset);
    }
  }

  #value(setting: Setting, node: unknown, offset: number, keyOffset: number): void {
    const value: unknown =
      typeof node === 'object' && node !== null && 'toJS' in node ? toJs(node, this.#document) : node;
    const checked = setting.schema.safeParse(value);
    if (checked.success) {
      this.values.push({ setting, value, line: this.#lines.linePos(keyOffset).line });
      return;
    }
    const issue = checked.error.issues[0]!;
    const where = this.#document.getIn([...setting.path, ...issue.path], true);
    const name = [...setting.path, ...issue.path.map(String)].join('.');
    this.#mistake('config-value', `\`${name}\`: ${mistakeText(setting, issue)}`, offsetOf(where) ?? offset);
  }

  #mistake(code: ConfigError['code'], message: string, offset: number): void {
    const { line, col: column } = this.#lines.linePos(offset);
    this.mistakes.push(new ConfigError(code, `${this.#file}:${line}:${column}: ${message}`, { line, column }));
  }

  #firstAlias(): number | undefined {
    let found: number | undefined;
    visit(this.#document, {
      Node: (_, node) => {
        if (!isAlias(node)) return undefined;
        found = node.range?.[0] ?? 0;
        return visit.BREAK;
      },
    });
    return found;
  }
}

function unknownKey(path: readonly string[]): string {
  const above = placeAt(path.slice(0, -1));
  const known = above.is === 'section' ? above.names : [];
  const help = didYouMean(path.at(-1)!, known) ?? `the keys here are ${known.join(', ')}`;
  return `Unknown key \`${path.join('.')}\`: ${help}`;
}

function toJs(node: object, document: ReturnType<typeof parseDocument>): unknown {
  return (node as { toJS(document: unknown): unknown }).toJS(document);
}

function offsetOf(node: unknown): number | undefined {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
}
