/** A record as the SECL evaluator reads it: for rules that user space decides. What a record does not carry is unknown. */
import type { KernelRecord } from '../kernel/types.js';
import { type Arguments, knownFlags, knownJoin, knownOptions } from '../secl/arguments.js';
import type { Event } from '../secl/event.js';
import type { Field } from '../secl/field.js';
import { unknown, type Value } from '../secl/value.js';
import { isKnown } from './sources.js';

/** Facts of one program of an exec. */
interface FileFacts {
  path: Value;
  name: Value;
  inode: Value;
  mode: Value;
}

const unknownFile: FileFacts = { path: unknown, name: unknown, inode: unknown, mode: unknown };
/** A program without interpreter: the interpreter's fields have their zero values. */
const noFile: FileFacts = { path: '', name: '', inode: 0n, mode: 0n };

/**
 * The views of an exec: the program and its interpreter, then the interpreter as the program. A record carries two
 * levels; of a deeper chain the levels between are unknown.
 */
export function viewsOf(record: KernelRecord): Event[] {
  const program: FileFacts = {
    path: record.pathCut ? unknown : (record.path ?? unknown),
    name: record.name ?? unknown,
    inode: record.inode === 0n ? unknown : record.inode,
    mode: record.mode === 0 ? unknown : BigInt(record.mode),
  };
  if (record.levels <= 1) return [viewOf(record, program, noFile)];
  const interpreter: FileFacts = {
    ...unknownFile,
    path: record.interpreterPath ?? unknown,
    name: record.interpreterName ?? unknown,
  };
  const between = record.levels > 2 ? [viewOf(record, unknownFile, unknownFile)] : [];
  return [viewOf(record, program, interpreter), ...between, viewOf(record, interpreter, noFile)];
}

function viewOf(record: KernelRecord, program: FileFacts, interpreter: FileFacts): Event {
  const argv = argumentsOf(record);
  return {
    get: (field: Field): Value => {
      const name = field.canonical;
      if (name.startsWith('process.file.')) return fileFact(program, name.slice('process.file.'.length));
      if (name.startsWith('process.interpreter.file.')) {
        return fileFact(interpreter, name.slice('process.interpreter.file.'.length));
      }
      return processFact(record, argv, name);
    },
    iterate: () => ({ elements: [], complete: false }),
  };
}

function fileFact(file: FileFacts, name: string): Value {
  switch (name) {
    case 'path':
      return file.path;
    case 'name':
      return file.name;
    case 'inode':
      return file.inode;
    case 'mode':
      return file.mode;
    case 'rights':
      return typeof file.mode === 'bigint' ? file.mode & 0o7777n : unknown;
    default:
      return unknown;
  }
}

function processFact(record: KernelRecord, argv: Arguments | undefined, name: string): Value {
  switch (name) {
    case 'process.comm':
      return record.comm;
    case 'process.tty_name':
      return record.tty ?? (isKnown(record.known, 'tty') ? '' : unknown);
    case 'process.pid':
      return BigInt(record.pid);
    case 'process.tid':
      return BigInt(record.tid);
    case 'process.ppid':
      return BigInt(record.ppid);
    case 'process.uid':
      return BigInt(record.uid);
    case 'process.gid':
      return BigInt(record.gid);
    case 'process.euid':
      return BigInt(record.euid);
    case 'process.egid':
      return BigInt(record.egid);
    case 'process.argv0':
      return argv0(record);
    case 'process.args_truncated':
      return argv === undefined ? unknown : record.argsCut;
    case 'process.argv':
      return argv === undefined ? unknown : elementsOf(argv);
    case 'process.args':
      return argv === undefined ? unknown : knownJoin(argv);
    case 'process.args_flags':
      return argv === undefined ? unknown : knownFlags(argv);
    case 'process.args_options':
      return argv === undefined ? unknown : knownOptions(argv);
    default:
      return unknown;
  }
}

function argv0(record: KernelRecord): Value {
  const [first] = record.argv;
  if (first === undefined) return isKnown(record.known, 'argv0') ? '' : unknown;
  return record.argsCut && record.argv.length === 1 ? { known: 'prefix', prefix: first } : first;
}

/** Undefined when nothing of the arguments was read. */
function argumentsOf(record: KernelRecord): Arguments | undefined {
  const elements = record.argv.slice(1);
  if (!record.argsCut && isKnown(record.known, 'args')) return { elements, complete: true };
  if (record.argv.length === 0) return undefined;
  if (elements.length === 0) return { elements, complete: false };
  return { elements: elements.slice(0, -1), complete: false, partial: elements.at(-1)! };
}

function elementsOf({ elements, complete, partial }: Arguments): Value {
  if (complete) return elements;
  return { known: 'elements', elements, ...(partial !== undefined && { partial }) };
}
