/** A record as the evaluator reads it: for rules that user space decides. What nobody could read is unknown. */

import { constants } from '../secl/constants/index.js';
import type { ElementList, Event } from '../secl/event.js';
import type { Field, IteratorName } from '../secl/field.js';
import { anyOf, unknown, type Value, zeroValue } from '../secl/value.js';
import { exitOf } from './exit.js';
import {
  type FileFacts,
  noFile,
  type Place,
  type ProcessView,
  type ProgramFacts,
  processValue,
  unknownFile,
} from './process-values.js';
import type { ProcessFacts } from './processes.js';
import type { Scene } from './scene.js';

/**
 * The views of an event: the program and its interpreter, then the interpreter as the program. A record carries two
 * levels; of a deeper chain the levels between are unknown.
 */
export function viewsOf(scene: Scene): Event[] {
  const { record, last } = scene;
  const program = record.event === 'exec' ? record : last?.program;
  return fileViews(program).map(([file, interpreter]) => {
    const self: ProcessView = {
      pid: record.pid,
      tid: record.tid,
      ppid: record.ppid,
      createdAt: scene.epoch(record.start),
      ...executedBy(scene),
      comm: record.comm,
      // The ids are those at the event; what else there is comes from the exec.
      program: { ...(program ?? record), ...idsOf(record) },
      file,
      interpreter,
      place: scene.place,
    };
    return {
      get: (field) => factOf(field, self, scene),
      iterate: (iterator) => elementsOf(iterator, scene),
      derived: (field) => (field.lengthOf === 'process.ancestors' ? numberOfAncestors(scene) : undefined),
    };
  });
}

/** The views of a program as nothing but what its exec fixed: for conditions on processes that came before. */
export function viewsOfProgram(program: ProgramFacts): Event[] {
  return fileViews(program).map(([file, interpreter]) => {
    const self: ProcessView = { program, file, interpreter, place: nowhere };
    return {
      get: ({ canonical }) =>
        canonical.startsWith('process.') ? processValue(self, canonical.slice('process.'.length)) : unknown,
      iterate: () => ({ elements: [], complete: false }),
    };
  });
}

const nowhere: Place = {
  cgroupPath: () => undefined,
  container: () => 'unknown',
  user: () => unknown,
  group: () => unknown,
};

function idsOf({ uid, gid, euid, egid, cgroup }: ProgramFacts) {
  return { uid, gid, euid, egid, cgroup };
}

function executedBy({ record, last }: Scene): { executed?: boolean } {
  if (record.event === 'exec') return { executed: true };
  if (last === undefined) return {};
  if (last.origin === 'inherited') return { executed: false };
  return last.program.source === 'record' ? { executed: true } : {};
}

function fileViews(program: ProgramFacts | undefined): [FileFacts, FileFacts][] {
  if (program === undefined) return [[unknownFile, unknownFile]];
  const { pathCut, path, name, inode, mode, levels, interpreterPath, interpreterName } = program;
  // Inode and mode are those of the program that was decided last: of a script, its interpreter.
  const binary = { inode: inode === 0n ? unknown : inode, mode: mode === 0 ? unknown : BigInt(mode) };
  const file = { path: pathCut ? unknown : (path ?? unknown), name: name ?? unknown };
  if (levels <= 1) return [[{ ...file, ...binary }, levels === 1 ? noFile : unknownFile]];
  const interpreter: FileFacts = { path: interpreterPath ?? unknown, name: interpreterName ?? unknown, ...binary };
  const script: FileFacts = { ...unknownFile, ...file };
  // Of more than two levels it is not known which the record's interpreter is of the program.
  const between: [FileFacts, FileFacts][] = levels > 2 ? [[unknownFile, unknownFile]] : [];
  return [[script, interpreter], ...between, [interpreter, noFile]];
}

function factOf(field: Field, self: ProcessView, scene: Scene): Value {
  const name = field.canonical;
  if (name.startsWith('process.parent.')) return parentValue(field, name.slice('process.parent.'.length), scene);
  if (name.startsWith('process.')) return processValue(self, name.slice('process.'.length));
  if (name.startsWith('container.') || name.startsWith('cgroup.')) return processValue(self, name);
  if (name.startsWith('exit.')) return exitValue(name.slice('exit.'.length), self, scene);
  return eventValue(name, scene);
}

function exitValue(name: string, self: ProcessView, { record }: Scene): Value {
  const { cause, code } = exitOf(record.exitCode);
  switch (name) {
    case 'cause':
      return constants.get(cause) as bigint;
    case 'code':
      return BigInt(code);
    default:
      return processValue(self, name);
  }
}

function eventValue(name: string, scene: Scene): Value {
  switch (name) {
    case 'event.async':
      return false;
    case 'event.hostname':
      return scene.hostname;
    case 'event.origin':
      return 'ebpf';
    case 'event.os':
      return 'linux';
    case 'event.timestamp':
      return scene.epoch(scene.record.time);
    default:
      return unknown;
  }
}

function parentValue(field: Field, name: string, scene: Scene): Value {
  const { ancestors, complete } = scene.lineage;
  const [parent] = ancestors;
  if (parent !== undefined) return anyOf(viewsOfRelative(parent, scene).map((view) => processValue(view, name)));
  return complete ? zeroValue(field.type, field.array ? 'array' : 'scalar') : unknown;
}

function elementsOf(iterator: IteratorName, scene: Scene): ElementList {
  if (iterator !== 'process.ancestors') return { elements: [], complete: false };
  const { ancestors, complete } = scene.lineage;
  const views = ancestors.flatMap((facts) => viewsOfRelative(facts, scene));
  return { elements: views.map(elementOf), complete };
}

/** Processes, not their views. */
function numberOfAncestors({ lineage: { ancestors, complete } }: Scene): Value {
  return complete ? BigInt(ancestors.length) : unknown;
}

function elementOf(view: ProcessView): Event {
  return {
    get: (field) => (field.element === undefined ? unknown : processValue(view, field.element)),
    iterate: () => ({ elements: [], complete: false }),
  };
}

/** A process above that of the record. As in the kernel, a script is there as itself and as its interpreter. */
function viewsOfRelative(facts: ProcessFacts, scene: Scene): ProcessView[] {
  const program = scene.programOf(facts);
  const { pid, ppid, comm, start, path } = facts;
  const place = scene.placeOf(facts, program);
  return fileViews(program).map(([file, interpreter]) => {
    const known = path === undefined ? file : { ...file, path, name: path.slice(path.lastIndexOf('/') + 1) };
    return {
      pid,
      ...(ppid !== undefined && { ppid }),
      ...(start !== undefined && { createdAt: scene.epoch(start) }),
      comm,
      ...(program && { program }),
      file: program === undefined ? known : file,
      interpreter,
      place,
    };
  });
}
