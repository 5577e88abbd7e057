/** One item of a rule's `actions`. */
import type { Node } from 'yaml';
import { toBytes } from '../secl/index.js';
import type { ActionDefinition, SetSource, SetValue } from './definition.js';
import { rangeOf } from './document.js';
import {
  type ActionKind,
  actionKeys,
  actionKinds,
  actionSettings,
  packetPolicies,
  packetScopes,
  processScopes,
  variableScopes,
} from './keys.js';
import { defaultListSize, limits } from './limits.js';
import { didYouMean } from './nearest.js';
import type { Entries, Entry, Reader } from './reader.js';
import type { VariableScalar } from './ruleset.js';
import { signalNumbers } from './signals.js';
import type { Range } from './source.js';

const known = Object.keys(actionKeys);

/** Undefined: not an action, and reported. */
export function parseAction(node: Node, reader: Reader, rule: string): ActionDefinition | undefined {
  const { reporter } = reader;
  const before = reporter.errors;
  const entries = reader.mapping(node, 'an action', known, rule);
  if (entries === undefined) return undefined;
  const given = actionKinds.filter((kind) => entries.has(kind));
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    const message =
      kind === undefined
        ? `an action is one of ${actionKinds.join(', ')}`
        : `an action does one thing, not ${given.join(' and ')}`;
    const help = kind === undefined ? 'an action without settings is written `deny: {}`' : 'write two list items';
    reporter.report({ severity: 'error', code: 'action', message, rule, help }, rangeOf(node));
    return undefined;
  }
  const filterEntry = entries.get('filter');
  const filter = filterEntry && reader.text(filterEntry.node, 'the `filter` of an action', rule);
  const settings = new Settings(reader, kind, entries.get(kind)!, rule);
  const parsed = parsers[kind](settings);
  if (parsed === undefined || reporter.errors > before) return undefined;
  return { ...parsed, ...(filter && { filter }), reporter, range: settings.range };
}

/** An action without what all actions have. */
type Bare<A> = A extends unknown ? Omit<A, 'filter' | 'reporter' | 'range'> : never;
type BareAction = Bare<ActionDefinition>;

/** The mapping under the action's name. */
class Settings {
  readonly range: Range;
  readonly rule: string;
  readonly reader: Reader;
  readonly #kind: ActionKind;
  readonly #entries: Entries;

  constructor(reader: Reader, kind: ActionKind, entry: Entry, rule: string) {
    this.reader = reader;
    this.rule = rule;
    this.#kind = kind;
    this.range = rangeOf(entry.key);
    const known = Object.keys(actionSettings[kind].value.keys);
    this.#entries = reader.mapping(entry.node, this.#what, known, rule) ?? new Map();
  }

  get(key: string): Node | undefined {
    return this.#entries.get(key)?.node;
  }

  text(key: string) {
    const node = this.get(key);
    return node && this.reader.text(node, `\`${key}\` of ${this.#what}`, this.rule);
  }

  flag(key: string): boolean {
    const node = this.get(key);
    return node === undefined ? false : (this.reader.boolean(node, `\`${key}\` of ${this.#what}`, this.rule) ?? false);
  }

  word<Word extends string>(key: string, words: readonly Word[], otherwise: Word): Word {
    const node = this.get(key);
    if (node === undefined) return otherwise;
    return this.reader.word(node, `\`${key}\` of ${this.#what}`, words, this.rule) ?? otherwise;
  }

  integer(key: string, least: number): number | undefined {
    const node = this.get(key);
    return node && this.reader.integer(node, `\`${key}\` of ${this.#what}`, least, this.rule);
  }

  error(message: string, at: Range = this.range, help?: string): undefined {
    this.reader.reporter.report({ severity: 'error', code: 'action', message, rule: this.rule, help }, at);
    return undefined;
  }

  get #what(): string {
    return `\`${this.#kind}\``;
  }
}

const parsers: { [K in ActionKind]: (settings: Settings) => BareAction | undefined } = {
  deny() {
    return { action: 'deny' };
  },

  kill(settings) {
    const signal = settings.text('signal');
    if (signal === undefined) {
      return settings.error('`kill` needs a `signal`', settings.range, 'such as `signal: SIGKILL`');
    }
    const signalNumber = signalNumbers.get(signal.value);
    if (signalNumber === undefined) {
      const help = didYouMean(signal.value, [...signalNumbers.keys()]);
      return settings.error(`\`${signal.value}\` is not the name of a signal`, signal.range, help);
    }
    return {
      action: 'kill',
      signal: signal.value,
      signalNumber,
      scope: settings.word('scope', processScopes, 'process'),
      disableContainerDisarmer: settings.flag('disable_container_disarmer'),
      disableExecutableDisarmer: settings.flag('disable_executable_disarmer'),
    };
  },

  set: parseSet,

  hash(settings) {
    const field = settings.text('field');
    const maxFileSize = settings.integer('max_file_size', 0);
    return { action: 'hash', ...(field && { field }), ...(maxFileSize !== undefined && { maxFileSize }) };
  },

  log(settings) {
    const level = settings.text('level');
    if (level === undefined) return settings.error('`log` needs a `level`', settings.range, 'such as `level: info`');
    return { action: 'log', level: level.value, message: settings.text('message')?.value ?? '' };
  },

  coredump(settings) {
    const process = settings.flag('process');
    const mount = settings.flag('mount');
    const dentry = settings.flag('dentry');
    if (!process && !mount && !dentry) {
      return settings.error('`coredump` needs one of `process`, `mount`, `dentry`');
    }
    return { action: 'coredump', process, mount, dentry, noCompression: settings.flag('no_compression') };
  },

  network_filter(settings) {
    const packets = settings.text('filter');
    if (packets === undefined) return settings.error('`network_filter` needs a `filter`');
    return {
      action: 'network_filter',
      packets: packets.value,
      policy: settings.word('policy', packetPolicies, 'allow'),
      scope: settings.word('scope', packetScopes, 'process'),
    };
  },
};

function parseSet(settings: Settings): BareAction | undefined {
  const { reader, rule } = settings;
  const before = reader.reporter.errors;
  const name = settings.text('name');
  if (name === undefined) return settings.error('`set` needs the `name` of a variable');
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name.value)) {
    return settings.error('the name of a variable is made of letters, digits and `_`', name.range);
  }
  const sources = setSources(settings);
  if (reader.reporter.errors > before) return undefined;
  const [source] = sources;
  if (source === undefined || sources.length > 1) {
    return settings.error('`set` takes exactly one of `value`, `field` and `expression`', name.range);
  }
  const defaultNode = settings.get('default_value');
  const defaultValue = defaultNode && setValue(defaultNode, '`default_value`', settings);
  if (source.from === 'expression' && defaultValue === undefined) {
    const help = 'the type of the variable is that of its default value';
    return settings.error('`set` with an `expression` needs a `default_value`', source.expression.range, help);
  }
  const scope = settings.word('scope', variableScopes, 'global');
  const scopeField = settings.text('scope_field');
  const inherited = settings.flag('inherited');
  if (scope !== 'process' && (scopeField !== undefined || inherited)) {
    const key = inherited ? 'inherited' : 'scope_field';
    return settings.error(`\`${key}\` goes with \`scope: process\` only`, rangeOf(settings.get(key)!));
  }
  const size = settings.integer('size', 0);
  if (size !== undefined && size > limits.listVariable.value) {
    return settings.error(`a list keeps at most ${limits.listVariable.value} elements`, rangeOf(settings.get('size')!));
  }
  const ttlNode = settings.get('ttl');
  const ttl = ttlNode && reader.duration(ttlNode, '`ttl` of `set`', rule);
  return {
    action: 'set',
    name,
    source,
    ...(defaultValue !== undefined && { defaultValue }),
    append: settings.flag('append'),
    size: size === undefined || size === 0 ? defaultListSize : size,
    scope,
    ...(scopeField && { scopeField }),
    ...(ttl !== undefined && ttl > 0n && { ttl }),
    private: settings.flag('private'),
    inherited,
  };
}

function setSources(settings: Settings): SetSource[] {
  const sources: SetSource[] = [];
  const node = settings.get('value');
  const value = node && setValue(node, '`value`', settings);
  if (value !== undefined) sources.push({ from: 'value', value });
  const field = settings.text('field');
  if (field !== undefined) sources.push({ from: 'field', field });
  const expression = settings.text('expression');
  if (expression !== undefined) sources.push({ from: 'expression', expression });
  return sources;
}

/** One value, or a list of values of one type. Text becomes bytes, as all text in the engines is. */
function setValue(node: Node, what: string, settings: Settings): SetValue | undefined {
  const { reader, rule } = settings;
  const bytes = (value: string | bigint | boolean): VariableScalar =>
    typeof value === 'string' ? toBytes(value) : value;
  if (!reader.isList(node)) {
    const value = reader.scalar(node, what, rule);
    return value === undefined ? undefined : bytes(value);
  }
  const items = reader.list(node, what, rule) ?? [];
  const values: VariableScalar[] = [];
  for (const item of items) {
    const value = reader.scalar(item, `an element of ${what}`, rule);
    if (value === undefined) return undefined;
    if (typeof value === 'boolean' || (values.length > 0 && typeof value !== typeof values[0])) {
      return settings.error(`the elements of ${what} are all text or all numbers`, rangeOf(item));
    }
    values.push(bytes(value));
  }
  if (values.length === 0)
    return settings.error(`${what} is empty: the type of the variable is not known`, rangeOf(node));
  return values;
}
