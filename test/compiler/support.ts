/** Rules, execs and events for tests of the compiler: one exec told to the image interpreter and to the evaluator. */

import { fact } from '../../src/compiler/image/layout.js';
import type { Execution, FedBlock } from '../../src/compiler/index.js';
import type { Action, KillAction, Mode, Rule, Ruleset } from '../../src/policy/ruleset.js';
import {
  type Bytes,
  catalogue,
  compileExpression,
  type Event,
  type Expression,
  type Field,
  type FieldUse,
  knownFlags,
  knownJoin,
  knownOptions,
  type Matcher,
  unknown,
  type Value,
} from '../../src/secl/index.js';

export const deny: Action = { action: 'deny' };
export const kill: KillAction = {
  action: 'kill',
  signal: 'SIGTERM',
  signalNumber: 15,
  scope: 'process',
  disableContainerDisarmer: false,
  disableExecutableDisarmer: false,
};

const policy = { name: 'test.policy', file: 'test.policy', mode: 'enforce' } as const;

export interface RuleOptions {
  readonly actions?: readonly Action[];
  readonly mode?: Mode;
}

/** A rule from SECL text or from a checked expression; the latter is about execs. */
export function rule(
  id: string,
  written: string | Expression,
  { actions = [deny], mode = 'enforce' }: RuleOptions = {},
): Rule {
  const checked =
    typeof written === 'string'
      ? compileExpression(written, { macros: new Map(), variables: new Map() })
      : { expression: written, event: 'exec' as const, fields: [] };
  return {
    id,
    expression: checked.expression,
    source: typeof written === 'string' ? written : '',
    event: checked.event ?? 'exec',
    fields: checked.fields,
    actions,
    mode,
    tags: {},
    productTags: [],
    limiterToken: [],
    silent: false,
    priority: 0,
    policy,
    position: { line: 1, column: 1 },
  };
}

export function ruleset(...rules: readonly Rule[]): Ruleset {
  return { rules, policies: [policy], variables: new Map(), diagnostics: [] };
}

/** Rules from SECL texts, by id. */
export function rulesFrom(texts: Readonly<Record<string, string>>): Ruleset {
  return ruleset(...Object.entries(texts).map(([id, text]) => rule(id, text)));
}

export function field(name: string): Field {
  const found = catalogue.find(name);
  if (found === undefined) throw new Error(`no field ${name}`);
  return found;
}

export function use(name: string): FieldUse {
  return { field: field(name), start: 0, end: 0 };
}

export function match(name: string, ...matchers: readonly Matcher[]): Expression {
  return { node: 'match', field: use(name), matchers };
}

/** A string that may be cut. */
export interface Text {
  readonly bytes: Bytes;
  readonly complete: boolean;
}

/** The strings of a block, and how many bytes of it were read; past its end it is complete. */
export interface Block {
  readonly strings: readonly Bytes[];
  readonly read: number;
}

/** What a test knows of one file. Absent facts were not read. */
export interface FileFacts {
  readonly path?: Text;
  readonly name?: Text;
  readonly uid?: bigint;
  readonly mode?: bigint;
}

/** An exec, told once. */
export interface Exec {
  readonly levels: readonly FileFacts[];
  readonly last?: 'program' | 'unfinished';
  readonly comm?: Text;
  readonly argv0?: Text;
  readonly tty?: Text;
  readonly args?: Block;
  readonly envs?: Block;
  readonly uid?: bigint;
  readonly pid?: bigint;
}

/** The exec as the interpreter is fed it. */
export function executionOf(exec: Exec, stage: Execution['stage'] = 'kill'): Execution {
  const { comm, argv0, tty, args, envs } = exec;
  return {
    stage,
    levels: exec.levels.map(({ path, name, uid, mode }) => ({
      ...(path && { path }),
      ...(name && { name }),
      facts: { [fact.fileUid]: uid, [fact.fileMode]: mode },
    })),
    last: exec.last ?? 'program',
    ...(comm && { comm }),
    ...(argv0 && { argv0 }),
    ...(tty && { tty }),
    ...(args && { args: fedBlock(args) }),
    ...(envs && { envs: fedBlock(envs) }),
    facts: { [fact.uid]: exec.uid, [fact.pid]: exec.pid },
  };
}

function fedBlock({ strings, read }: Block): FedBlock {
  if (strings.length === 0) return { bytes: '', complete: true, none: true };
  const bytes = strings.join('\0');
  return read > bytes.length ? { bytes, complete: true } : { bytes: bytes.slice(0, read), complete: false };
}

/** The exec as the evaluator is told it: one event for each view. */
export function viewsOf(exec: Exec): Event[] {
  return exec.levels.map((level, index) => {
    const interpreter = exec.levels[index + 1];
    const values: Record<string, Value> = {
      ...fileValues('process.file', level),
      ...(interpreter || exec.last === 'unfinished'
        ? fileValues('process.interpreter.file', interpreter ?? {})
        : fileValues('process.interpreter.file', nothing)),
      'process.comm': textValue(exec.comm),
      'process.argv0': textValue(exec.argv0),
      'process.tty_name': textValue(exec.tty),
      ...argumentValues(exec.args),
      'process.envs': nameValues(exec.envs),
      'process.uid': exec.uid ?? unknown,
      'process.pid': exec.pid ?? unknown,
    };
    return {
      get: (asked) => values[asked.canonical] ?? unknown,
      iterate: () => ({ elements: [], complete: false }),
    };
  });
}

/** The interpreter of a program that has none. */
const nothing: FileFacts = {
  path: { bytes: '', complete: true },
  name: { bytes: '', complete: true },
  uid: 0n,
  mode: 0n,
};

function fileValues(prefix: string, { path, name, uid, mode }: FileFacts): Record<string, Value> {
  return {
    [`${prefix}.path`]: textValue(path),
    [`${prefix}.name`]: textValue(name),
    [`${prefix}.uid`]: uid ?? unknown,
    [`${prefix}.mode`]: mode ?? unknown,
    [`${prefix}.rights`]: mode === undefined ? unknown : mode & 0o7777n,
  };
}

function textValue(text: Text | undefined): Value {
  if (text === undefined) return unknown;
  return text.complete ? text.bytes : { known: 'prefix', prefix: text.bytes };
}

function argumentValues(block: Block | undefined): Record<string, Value> {
  if (block === undefined) return {};
  const { elements, partial } = knownStrings(block);
  const argv = { elements, complete: partial === undefined, ...(partial !== undefined && { partial }) };
  return {
    'process.argv': partial === undefined ? elements : { known: 'elements', elements, partial },
    'process.args': knownJoin(argv),
    'process.args_flags': knownFlags(argv),
    'process.args_options': knownOptions(argv),
  };
}

function nameValues(block: Block | undefined): Value {
  if (block === undefined) return unknown;
  const { elements, partial } = knownStrings(block);
  const names = elements.map((text) => text.split('=', 1)[0]!);
  if (partial === undefined) return names;
  if (partial.includes('=')) return { known: 'elements', elements: [...names, partial.split('=', 1)[0]!] };
  return { known: 'elements', elements: names, partial };
}

/** What of a block is known: whole strings, and the beginning of one more when it is cut. */
function knownStrings({ strings, read }: Block): { elements: Bytes[]; partial?: Bytes } {
  if (strings.length === 0) return { elements: [] };
  const bytes = strings.join('\0');
  const elements = bytes.slice(0, read).split('\0');
  if (read > bytes.length) return { elements };
  const partial = elements.pop()!;
  return { elements, partial };
}
