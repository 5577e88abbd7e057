/** Facts of one process as fields of the language: of the process of a record, of its parent, of an ancestor. */
import { type Arguments, knownFlags, knownJoin, knownOptions } from '../secl/arguments.js';
import type { Bytes } from '../secl/bytes.js';
import { unknown, type Value } from '../secl/value.js';
import type { ContainerIdentity } from './container.js';
import type { Program } from './program.js';
import { isKnown } from './sources.js';

/** Facts of one program of an exec. */
export interface FileFacts {
  path: Value;
  name: Value;
  inode: Value;
  mode: Value;
}

export const unknownFile: FileFacts = { path: unknown, name: unknown, inode: unknown, mode: unknown };
/** A program without interpreter: the interpreter's fields have their zero values. */
export const noFile: FileFacts = { path: '', name: '', inode: 0n, mode: 0n };

/** What a process runs, without where it comes from. */
export type ProgramFacts = Omit<Program, 'since' | 'source'>;

/** Where a process lives, and what ids are called there. Each is found when it is asked for. */
export interface Place {
  /** Undefined where not found. */
  cgroupPath(): string | undefined;
  /** Undefined on the host; `unknown` where the cgroup was not found. */
  container(): ContainerIdentity | 'unknown' | undefined;
  user(uid: number): Value;
  group(gid: number): Value;
}

/** One process of an event. Absent: not known. */
export interface ProcessView {
  pid?: number;
  tid?: number;
  ppid?: number;
  /** Nanoseconds since the epoch. */
  createdAt?: bigint;
  /** Whether it has made an exec since its fork. */
  executed?: boolean;
  comm?: Bytes;
  program?: ProgramFacts;
  /** The program's file and interpreter, as the view of a script has them. */
  file: FileFacts;
  interpreter: FileFacts;
  place: Place;
}

/** The value of a field without the process's own name in front: `file.path`, `uid`, `container.id`. */
export function processValue(view: ProcessView, name: string): Value {
  if (name.startsWith('file.')) return fileValue(view.file, name.slice('file.'.length));
  if (name.startsWith('interpreter.file.')) return fileValue(view.interpreter, name.slice('interpreter.file.'.length));
  if (name.startsWith('container.')) return containerValue(view.place, name.slice('container.'.length));
  if (name.startsWith('cgroup.')) return cgroupValue(view, name.slice('cgroup.'.length));
  return ownValue(view, name) ?? (view.program === undefined ? unknown : programValue(view.program, view.place, name));
}

/** Undefined: a fact of the program, or none at all. */
function ownValue({ pid, tid, ppid, createdAt, executed, comm }: ProcessView, name: string): Value | undefined {
  switch (name) {
    case 'pid':
      return integer(pid);
    case 'tid':
      return integer(tid);
    case 'ppid':
      return integer(ppid);
    case 'created_at':
      return createdAt ?? unknown;
    case 'is_exec':
      return executed ?? unknown;
    case 'is_thread':
      return executed === undefined ? unknown : !executed;
    case 'comm':
      return comm ?? unknown;
    default:
      return undefined;
  }
}

function programValue(program: ProgramFacts, place: Place, name: string): Value {
  switch (name) {
    case 'uid':
      return BigInt(program.uid);
    case 'gid':
      return BigInt(program.gid);
    case 'euid':
      return BigInt(program.euid);
    case 'egid':
      return BigInt(program.egid);
    case 'user':
      return place.user(program.uid);
    case 'euser':
      return place.user(program.euid);
    case 'group':
      return place.group(program.gid);
    case 'egroup':
      return place.group(program.egid);
    case 'tty_name':
      return program.tty ?? (isKnown(program.known, 'tty') ? '' : unknown);
    case 'argv0':
      return argv0(program);
    default:
      return argumentsValue(program, name);
  }
}

function argumentsValue(program: ProgramFacts, name: string): Value {
  const argv = argumentsOf(program);
  if (argv === undefined) return unknown;
  switch (name) {
    case 'args_truncated':
      return program.argsCut;
    case 'argv':
      return elementsOf(argv);
    case 'args':
      return knownJoin(argv);
    case 'args_flags':
      return knownFlags(argv);
    case 'args_options':
      return knownOptions(argv);
    default:
      return unknown;
  }
}

function fileValue(file: FileFacts, name: string): Value {
  switch (name) {
    case 'path':
      return file.path;
    case 'name':
      return file.name;
    case 'extension':
      return typeof file.name === 'string' ? extensionOf(file.name) : unknown;
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

/** With its dot; a name that only begins with one has none. */
function extensionOf(name: Bytes): Bytes {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot);
}

function containerValue(place: Place, name: string): Value {
  const container = place.container();
  if (container === 'unknown') return unknown;
  switch (name) {
    case 'id':
      return container?.id ?? '';
    case 'runtime':
      return container === undefined ? '' : container.runtime === 'unknown' ? unknown : container.runtime;
    case 'created_at':
      return container === undefined ? 0n : unknown;
    case 'tags':
      return container === undefined ? [] : unknown;
    default:
      return unknown;
  }
}

function cgroupValue({ place, program }: ProcessView, name: string): Value {
  switch (name) {
    case 'id':
      return place.cgroupPath() ?? unknown;
    case 'file.inode':
      return program === undefined || program.cgroup === 0n ? unknown : program.cgroup;
    default:
      return unknown;
  }
}

function argv0(program: ProgramFacts): Value {
  const [first] = program.argv;
  if (first === undefined) return isKnown(program.known, 'argv0') ? '' : unknown;
  return program.argsCut && program.argv.length === 1 ? { known: 'prefix', prefix: first } : first;
}

/** Undefined when nothing of the arguments was read. */
function argumentsOf(program: ProgramFacts): Arguments | undefined {
  const elements = program.argv.slice(1);
  if (!program.argsCut && isKnown(program.known, 'args')) return { elements, complete: true };
  if (program.argv.length === 0) return undefined;
  if (elements.length === 0) return { elements, complete: false };
  return { elements: elements.slice(0, -1), complete: false, partial: elements.at(-1)! };
}

function elementsOf({ elements, complete, partial }: Arguments): Value {
  if (complete) return elements;
  return { known: 'elements', elements, ...(partial !== undefined && { partial }) };
}

function integer(value: number | undefined): Value {
  return value === undefined ? unknown : BigInt(value);
}
