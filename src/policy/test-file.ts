/** `NAME.tests`: the tests of a policy, as they are written beside it. */
import type { Node } from 'yaml';
import { catalogue, type EventType, eventTypes } from '../secl/index.js';
import { rangeOf } from './document.js';
import { didYouMean } from './nearest.js';
import { textList } from './parse-definition.js';
import { openDocument, type PolicyFile } from './parse-file.js';
import type { Entries, Reader } from './reader.js';
import type { Diagnostic } from './ruleset.js';

/** A flat map from field names to values, as `policy eval` takes it. */
export type FlatEvent = Readonly<Record<string, unknown>>;

export interface PolicyTest {
  readonly name: string;
  /** The line it begins on. */
  readonly line: number;
  readonly type: EventType;
  /** One view, or one a level for a script: the script, then its interpreter. */
  readonly views: readonly FlatEvent[];
  /** From name, scope included, to value. */
  readonly variables: FlatEvent;
  /** Exactly these rules match. */
  readonly rules?: readonly string[];
  /** These do not match. */
  readonly not: readonly string[];
  /** Exactly these have no answer. */
  readonly unknown: readonly string[];
}

export interface TestFile {
  readonly file: string;
  /** The policies that are tested together, as written; none: the one of the same name. */
  readonly policies: readonly string[];
  readonly tests: readonly PolicyTest[];
  /** With an error among them the file is not run. */
  readonly diagnostics: readonly Diagnostic[];
}

const fileKeys = ['policies', 'variables', 'tests'];
const testKeys = ['name', 'type', 'event', 'views', 'variables', 'rules', 'not', 'unknown'];

/** Reads a tests file. What is wrong with it is among the diagnostics, as with policies. */
export function parseTestFile(source: PolicyFile): TestFile {
  const { reporter, reader } = openDocument(source);
  const tests: PolicyTest[] = [];
  const entries = reader?.mapping(reader.root, 'a file of tests', fileKeys);
  let policies: readonly string[] = [];
  if (reader !== undefined && entries !== undefined) {
    policies = textList(entries.get('policies'), '`policies`', reader, '').map(({ value }) => value);
    const shared = map(entries, 'variables', reader) ?? {};
    const list = entries.get('tests');
    for (const node of list === undefined ? [] : (reader.list(list.node, '`tests`') ?? [])) {
      const test = parseTest(node, reader, shared);
      if (test !== undefined) tests.push(test);
    }
    if (list === undefined || (tests.length === 0 && reporter.errors === 0)) {
      const message = 'there are no `tests`';
      reporter.report({ severity: 'error', code: 'no-tests', message }, rangeOf(reader.root));
    }
  }
  return { file: source.file, policies, tests, diagnostics: reporter.diagnostics() };
}

function parseTest(node: Node, reader: Reader, shared: FlatEvent): PolicyTest | undefined {
  const { reporter } = reader;
  const before = reporter.errors;
  const entries = reader.mapping(node, 'a test', testKeys);
  if (entries === undefined) return undefined;
  const fail = (message: string, help?: string) => {
    reporter.report({ severity: 'error', code: 'test', message, help }, rangeOf(node));
    return undefined;
  };
  const name = entries.get('name');
  const title = name && reader.text(name.node, 'the `name` of a test')?.value;
  if (title === undefined) return reporter.errors > before ? undefined : fail('a test needs a `name`');
  const views = parseViews(entries, reader);
  if (views === undefined) {
    return reporter.errors > before ? undefined : fail('a test needs either an `event` or `views`');
  }
  const list = (key: string) => textList(entries.get(key), `\`${key}\``, reader, '').map(({ value }) => value);
  if (!entries.has('rules') && !entries.has('not')) {
    return fail('a test says which `rules` match, or which do `not`', '`rules: []` says that none does');
  }
  const variables = { ...shared, ...map(entries, 'variables', reader) };
  const typeEntry = entries.get('type');
  const type =
    typeEntry === undefined ? typeOf(views) : reader.word(typeEntry.node, 'the `type` of an event', eventTypes);
  if (type === undefined && reporter.errors === before) {
    return fail('no field says what event this is', 'add `type: exec`, or another type');
  }
  if (type === undefined || reporter.errors > before) return undefined;
  return {
    name: title,
    line: reporter.source.position(rangeOf(node).start).line,
    type,
    views,
    variables,
    ...(entries.has('rules') && { rules: list('rules') }),
    not: list('not'),
    unknown: list('unknown'),
  };
}

function parseViews(entries: Entries, reader: Reader): readonly FlatEvent[] | undefined {
  const [one, many] = [entries.get('event'), entries.get('views')];
  if ((one === undefined) === (many === undefined)) return undefined;
  const nodes = one === undefined ? reader.list(many!.node, '`views`') : [one.node];
  const views = nodes?.map((node) => parseEvent(node, reader));
  return views?.every((view) => view !== undefined) && views.length > 0 ? views : undefined;
}

/** A name that is no field would test nothing, so it is an error here. */
function parseEvent(node: Node, reader: Reader): FlatEvent | undefined {
  const entries = reader.freeMapping(node, 'an event');
  if (entries === undefined) return undefined;
  for (const [name, { key }] of entries) {
    if (catalogue.find(name) !== undefined || catalogue.isIterator(name)) continue;
    const help = didYouMean(name, catalogue.nearest(name));
    const message = `there is no field \`${name}\``;
    reader.reporter.report({ severity: 'error', code: 'unknown-field', message, help }, rangeOf(key));
  }
  return Object.fromEntries(
    [...entries].map(([name, { node: value }]) => [name, reader.plain(value, numbersOf(name))]),
  );
}

/** `exec.argv: [--donate-level, 1]` is text, as arguments are. */
function numbersOf(name: string): 'as-bigints' | 'as-spelled' {
  return catalogue.find(name)?.type === 'string' ? 'as-spelled' : 'as-bigints';
}

function map(entries: Entries, key: string, reader: Reader): FlatEvent | undefined {
  const entry = entries.get(key);
  const values = entry && reader.freeMapping(entry.node, `\`${key}\``);
  return values && Object.fromEntries([...values].map(([name, { node }]) => [name, reader.plain(node)]));
}

/** The event that the fields are of; common ones alone do not tell. */
function typeOf(views: readonly FlatEvent[]): EventType | undefined {
  for (const name of views.flatMap((view) => Object.keys(view))) {
    const event = catalogue.find(name)?.event ?? eventTypes.find((type) => name.startsWith(`${type}.`));
    if (event !== undefined && event !== 'common') return event;
  }
  return undefined;
}
