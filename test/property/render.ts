/** One random exec in the three forms in which the engines take it. */
import { fact } from '../../src/compiler/image/layout.js';
import type { Fed, FedBlock, Execution as Interpreted } from '../../src/compiler/index.js';
import {
  type Bytes,
  type Event,
  type Field,
  knownFlags,
  knownJoin,
  knownOptions,
  unknown,
  type Value,
} from '../../src/secl/index.js';
import type { KernelExecution } from '../kernel/matcher.js';
import { blockOf, type Execution, type FileLevel, recordBytes, type Text } from './execution.js';

/** As bytes for the kernel programs. */
export function forKernel(execution: Execution): KernelExecution {
  const { argv, envs, block } = execution;
  const whole = blockOf(execution);
  return {
    levels: execution.levels.map(interpretedLevel),
    last: execution.last,
    facts: execution.facts,
    ...optional('comm', fed(execution.comm)),
    ...optional('tty', fed(execution.tty)),
    ...optional('cgroup', fed(execution.cgroup)),
    ...optional('container', fed(execution.container)),
    ...(block !== 'nothing' && {
      block: { argc: argv.length, envc: envs.length, bytes: block === 'all' ? whole : whole.slice(0, block) },
    }),
  };
}

/** For the image interpreter. */
export function forInterpreter(execution: Execution): Interpreted {
  const { argv0, args, envs } = runsOf(execution);
  const truncated = argsTruncated(execution);
  return {
    stage: 'kill',
    levels: execution.levels.map(interpretedLevel),
    last: execution.last,
    ...optional('comm', fed(execution.comm)),
    ...optional('tty', fed(execution.tty)),
    ...optional('cgroup', fed(execution.cgroup)),
    ...optional('container', fed(execution.container)),
    ...optional('argv0', fedRun(argv0)),
    ...optional('args', fedRun(args)),
    ...optional('envs', fedRun(envs)),
    facts: { ...execution.facts, ...(truncated !== undefined && { [fact.argsTruncated]: truncated ? 1n : 0n }) },
  };
}

/** For the evaluator: an event for each view, the script's first. */
export function forEvaluator(execution: Execution): Event[] {
  const common = commonValues(execution);
  return execution.levels.map((level, at) => {
    const next = execution.levels[at + 1];
    const interpreter =
      next !== undefined
        ? fileValues('process.interpreter.file', next)
        : execution.last === 'program'
          ? fileValues('process.interpreter.file', noFile)
          : [];
    const values = new Map([...common, ...fileValues('process.file', level), ...interpreter]);
    return {
      get: (field: Field) => values.get(field.canonical) ?? unknown,
      iterate: () => ({ elements: [], complete: false }),
    };
  });
}

/**
 * The strings of one part of the block. `read`: the bytes up to where reading ended, or all; absent when reading ended in a part
 * before.
 */
interface Run {
  readonly strings: readonly Bytes[];
  readonly read?: number | 'all';
}

function runsOf({ argv, envs, block }: Execution): Record<'argv0' | 'args' | 'envs', Run> {
  let left = block === 'all' ? Number.POSITIVE_INFINITY : block === 'nothing' ? -1 : block;
  const run = (strings: readonly Bytes[]): Run => {
    if (left < 0) return { strings };
    const read = left;
    const length = blockOf({ argv: strings, envs: [] }).length;
    left = read >= length ? read - length : -1;
    return { strings, read: read >= length ? 'all' : read };
  };
  return { argv0: run(argv.slice(0, 1)), args: run(argv.slice(1)), envs: run(envs) };
}

function fedRun({ strings, read }: Run): FedBlock | undefined {
  if (read === undefined) return undefined;
  if (read !== 'all') return { bytes: blockOf({ argv: strings, envs: [] }).slice(0, read), complete: false };
  if (strings.length === 0) return { bytes: '', complete: true, none: true };
  return { bytes: strings.join('\0'), complete: true };
}

function fed({ bytes, read }: Text): Fed | undefined {
  if (read === 'nothing') return undefined;
  return read === 'all' ? { bytes, complete: true } : { bytes: bytes.slice(0, read), complete: false };
}

function interpretedLevel({ path, name, facts }: FileLevel) {
  return { ...optional('path', fed(path)), ...optional('name', fed(name)), facts };
}

function argsTruncated(execution: Execution): boolean | undefined {
  if (runsOf(execution).args.read !== 'all') return undefined;
  return blockOf({ argv: execution.argv, envs: [] }).length > recordBytes;
}

const noFile: FileLevel = {
  path: { bytes: '', read: 'all' },
  name: { bytes: '', read: 'all' },
  facts: { [fact.fileUid]: 0n, [fact.fileGid]: 0n, [fact.fileMode]: 0n, [fact.fileInode]: 0n },
};

function fileValues(prefix: string, { path, name, facts }: FileLevel): [string, Value][] {
  const mode = facts[fact.fileMode];
  return [
    [`${prefix}.path`, textValue(path)],
    [`${prefix}.name`, textValue(name)],
    [`${prefix}.uid`, facts[fact.fileUid] ?? unknown],
    [`${prefix}.gid`, facts[fact.fileGid] ?? unknown],
    [`${prefix}.mode`, mode ?? unknown],
    [`${prefix}.rights`, mode === undefined ? unknown : mode & 0o7777n],
    [`${prefix}.inode`, facts[fact.fileInode] ?? unknown],
  ];
}

function textValue({ bytes, read }: Text): Value {
  if (read === 'nothing') return unknown;
  return read === 'all' ? bytes : { known: 'prefix', prefix: bytes.slice(0, read) };
}

function commonValues(execution: Execution): [string, Value][] {
  const { facts } = execution;
  const { argv0, args, envs } = runsOf(execution);
  const first = fedRun(argv0);
  return [
    ['process.comm', textValue(execution.comm)],
    ['process.tty_name', textValue(execution.tty)],
    ...['', 'process.'].flatMap((prefix): [string, Value][] => [
      [`${prefix}cgroup.id`, textValue(execution.cgroup)],
      [`${prefix}container.id`, textValue(execution.container)],
    ]),
    ['process.uid', facts[fact.uid] ?? unknown],
    ['process.gid', facts[fact.gid] ?? unknown],
    ['process.euid', facts[fact.euid] ?? unknown],
    ['process.egid', facts[fact.egid] ?? unknown],
    ['process.pid', facts[fact.pid] ?? unknown],
    ['process.ppid', facts[fact.ppid] ?? unknown],
    ['process.args_truncated', argsTruncated(execution) ?? unknown],
    [
      'process.argv0',
      first === undefined ? unknown : first.complete ? first.bytes : { known: 'prefix', prefix: first.bytes },
    ],
    ...argumentValues(args),
    ['process.envs', environmentNames(envs)],
    // Not read by the kernel: for rules that it cannot decide.
    ['process.is_thread', execution.argv.length % 2 === 0],
    ['process.container.runtime', execution.envs.length % 2 === 0 ? '' : 'a'],
  ];
}

/** The strings that were read whole, and the beginning of the next one. */
function readStrings({ strings, read }: Run): { readonly elements: readonly Bytes[]; readonly partial?: Bytes } {
  if (read === 'all') return { elements: strings };
  const pieces = blockOf({ argv: strings, envs: [] })
    .slice(0, read ?? 0)
    .split('\0');
  return { elements: pieces.slice(0, -1), partial: pieces[pieces.length - 1]! };
}

function argumentValues(run: Run): [string, Value][] {
  const names = ['argv', 'args', 'args_flags', 'args_options'].map((name) => `process.${name}`);
  if (run.read === undefined) return names.map((name) => [name, unknown]);
  const { elements, partial } = readStrings(run);
  const argv = { elements, complete: run.read === 'all', ...(partial !== undefined && { partial }) };
  const list: Value = argv.complete ? elements : { known: 'elements', ...readStrings(run) };
  const values = [list, knownJoin(argv), knownFlags(argv), knownOptions(argv)];
  return names.map((name, at) => [name, values[at]!]);
}

/** A variable's name is known when its `=` was read. */
function environmentNames(run: Run): Value {
  if (run.read === undefined) return unknown;
  const { elements, partial } = readStrings(run);
  const names = elements.map(nameOf);
  if (partial === undefined) return names;
  return partial.includes('=')
    ? { known: 'elements', elements: [...names, nameOf(partial)] }
    : { known: 'elements', elements: names, partial };
}

function nameOf(variable: Bytes): Bytes {
  return variable.split('=', 1)[0]!;
}

/** A property that may be absent. */
function optional<Name extends string, T>(name: Name, value: T | undefined): { [K in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [K in Name]?: T });
}
