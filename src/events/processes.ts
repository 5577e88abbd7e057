/**
 * Who started a process and what it runs: a bounded table of the processes that records spoke of, and /proc for all
 * others. Best effort: both are read after the fact, so each entry says where it comes from.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { KernelRecord } from '../kernel/types.js';
import type { Bytes } from '../secl/bytes.js';
import { limits } from './limits.js';
import { type ProgramReader, readProgram } from './proc-program.js';
import { type Program, programBytes, programOf } from './program.js';
import { Recent } from './recent.js';

export interface ProcessFacts {
  pid: number;
  ppid: number | undefined;
  comm: Bytes;
  path: Bytes | undefined;
  /** Nanoseconds since boot; undefined where not known. */
  start: bigint | undefined;
  /** `record`: from the kernel's records. `proc`: read from /proc when the event was made. */
  source: 'record' | 'proc';
  /** What its exec said, while it is known to be still that program. */
  program?: Program;
}

export interface Lineage {
  /** Nearest first. Empty for a process without a parent. */
  ancestors: readonly ProcessFacts[];
  /** There are, or may be, more. */
  complete: boolean;
}

/** Reads one process of the host; undefined when it is gone. Tests give their own. */
export type ProcReader = (pid: number) => ProcessFacts | undefined;

/** What the table reads of /proc; tests give their own. */
export interface ProcFiles {
  process: ProcReader;
  program: ProgramReader;
  /** All processes. */
  pids(): readonly number[];
}

/** The program that a process ran when it ended. `inherited`: it had made no exec of its own since its fork. */
export interface LastProgram {
  program: Program;
  origin: 'own' | 'inherited';
}

export class ProcessTree {
  readonly #files: ProcFiles;
  readonly #asked = new Map<number, ProcessFacts | undefined>();
  readonly #askedPrograms = new Map<number, Program | undefined>();
  readonly #known = new Recent<number, ProcessFacts>(limits.treeBytes.value, costOf);
  /** Of these, what had ended at the last look. */
  #ended = new Set<ProcessFacts>();
  /** What is asked for again and again in a batch: a process as it lives, and what is above the children of one. */
  readonly #live = new Map<number, ProcessFacts | undefined>();
  readonly #lineages = new Map<ProcessFacts, Lineage>();
  /** Processes that these lineages depend on. */
  readonly #consulted = new Set<number>();
  #execs: 'some' | 'all' = 'some';

  constructor(files: Partial<ProcFiles> | ProcReader = {}) {
    this.#files = { ...systemFiles, ...(typeof files === 'function' ? { process: files } : files) };
  }

  /** Forgets what /proc said: call it once a batch. In a batch many records have the same ancestors. */
  refresh(): void {
    this.#asked.clear();
    this.#askedPrograms.clear();
    this.#live.clear();
    this.#forgetLineages();
  }

  /**
   * Forgets who had ended at the last call already: what lives has no dead parent, and records of its end or its last children have
   * come in between. Call it now and then, not more often than records may lie in the kernel.
   */
  forgetEnded(): void {
    const alive = new Set(this.#files.pids());
    // it cannot be read: there is at least ourselves
    if (alive.size === 0) return;
    const ended = new Set<ProcessFacts>();
    for (const pid of this.#known.keys()) {
      if (alive.has(pid)) continue;
      const facts = this.#known.peek(pid)!;
      if (this.#ended.has(facts)) this.#known.delete(pid);
      else ended.add(facts);
    }
    this.#ended = ended;
  }

  /** Processes that records spoke of and that are not forgotten. */
  get remembered(): number {
    return this.#known.size;
  }

  /**
   * From now on every exec is reported, so that the program of a process is known at its end. Reads the processes that
   * run already; call it when the image that asks for this has just become active. `now`: nanoseconds since boot.
   */
  follow(now: bigint): void {
    if (this.#execs === 'all') return;
    this.#execs = 'all';
    this.#live.clear();
    this.#forgetLineages();
    for (const pid of this.#files.pids().slice(0, limits.followedProcesses.value)) {
      const facts = this.#files.process(pid);
      const program = facts && this.#files.program(pid, now);
      if (facts === undefined || program === undefined) continue;
      const known = this.#known.get(pid);
      if (known === undefined || !isSameProgram(known, facts)) this.#known.set(pid, { ...facts, program });
    }
  }

  /** Execs are reported only where a rule asks for them. */
  unfollow(): void {
    this.#execs = 'some';
  }

  /** Remembers the process of a record, unless its exec did not take place or it did not survive it. */
  remember(record: KernelRecord): void {
    if (record.event !== 'exec' || record.stage !== 'kill' || record.verdict === 'kill') return;
    const { pid, ppid, comm, path, start } = record;
    this.#known.set(pid, { pid, ppid, comm, path, start, source: 'record', program: programOf(record) });
    this.#live.delete(pid);
    if (this.#consulted.has(pid)) this.#forgetLineages();
  }

  #forgetLineages(): void {
    this.#lineages.clear();
    this.#consulted.clear();
  }

  /** The processes above the one of a record. */
  lineage(record: KernelRecord): Lineage {
    if (record.ppid <= 0) return { ancestors: [], complete: true };
    const known = this.#find(record.ppid, record.start);
    const parent = known ?? parentOf(record);
    // Without a start of its own, what is above it depends on the child's.
    if (known?.start === undefined) return this.#upFrom(parent, record.start);
    const found = this.#lineages.get(known);
    if (found !== undefined) return found;
    const lineage = this.#upFrom(parent, record.start);
    this.#lineages.set(known, lineage);
    return lineage;
  }

  /** A parent and all above it. */
  #upFrom(parent: ProcessFacts, childStart: bigint): Lineage {
    const ancestors = [parent];
    let { ppid } = parent;
    let start = parent.start ?? childStart;
    while (ppid !== undefined && ppid > 0) {
      if (ancestors.length === limits.ancestorDepth.value) return { ancestors, complete: false };
      const found: ProcessFacts | undefined = this.#find(ppid, start);
      if (found === undefined) return { ancestors, complete: false };
      ancestors.push(found);
      start = found.start ?? start;
      ppid = found.ppid;
    }
    // Only the parent's own record can say nothing of its parent; then the way up ends here.
    return { ancestors, complete: ppid !== undefined };
  }

  /** All processes. */
  pids(): readonly number[] {
    return this.#files.pids();
  }

  /** A process that lives: what it runs as the kernel's records say, where they do, otherwise as /proc does. */
  live(pid: number): ProcessFacts | undefined {
    if (this.#live.has(pid)) return this.#live.get(pid);
    const [asked, known] = [this.#ask(pid), this.#known.get(pid)];
    const live = asked && known && isSameProgram(known, asked) ? { ...asked, program: known.program! } : asked;
    this.#live.set(pid, live);
    return live;
  }

  /** When a process started, read anew. */
  startOf(pid: number): bigint | undefined {
    return this.#files.process(pid)?.start;
  }

  /** What one of the processes of a lineage runs. `now`: nanoseconds since boot. */
  program(facts: ProcessFacts, now: bigint): Program | undefined {
    if (facts.program !== undefined || facts.source === 'record') return facts.program;
    if (!this.#askedPrograms.has(facts.pid)) this.#askedPrograms.set(facts.pid, this.#files.program(facts.pid, now));
    return this.#askedPrograms.get(facts.pid);
  }

  /** The program of a process that has ended; undefined where it cannot be told. */
  lastProgram({ pid, ppid, start, comm }: KernelRecord): LastProgram | undefined {
    const own = this.#known.get(pid);
    if (own?.program !== undefined && isSameStart(own.start, start)) return { program: own.program, origin: 'own' };
    const program = this.#execs === 'all' ? this.#forkedFrom({ ppid, start, comm }, 1) : undefined;
    return program && { program, origin: 'inherited' };
  }

  /**
   * A process that made no exec runs what its parent ran at the fork. That is known when the parent has run it since
   * before then; an exec also changes the name, so a lost record shows.
   */
  #forkedFrom(child: { ppid: number; start: bigint; comm: Bytes }, depth: number): Program | undefined {
    const parent = this.#find(child.ppid, child.start);
    if (parent === undefined || parent.comm !== child.comm || depth > limits.ancestorDepth.value) return undefined;
    if (parent.program !== undefined) return parent.program.since <= child.start ? parent.program : undefined;
    const { ppid, start, comm } = parent;
    if (ppid === undefined || start === undefined) return undefined;
    return this.#forkedFrom({ ppid, start, comm }, depth + 1);
  }

  #ask(pid: number): ProcessFacts | undefined {
    if (!this.#asked.has(pid)) this.#asked.set(pid, this.#files.process(pid));
    return this.#asked.get(pid);
  }

  /** A process that started after its child is another one that got the same pid. */
  #find(pid: number, childStart: bigint): ProcessFacts | undefined {
    this.#consulted.add(pid);
    for (const facts of [this.live(pid), this.#known.get(pid)]) {
      if (facts === undefined) continue;
      if (facts.start === undefined || facts.start <= childStart + tick) return facts;
    }
    return undefined;
  }
}

function costOf({ program }: ProcessFacts): number {
  return program === undefined ? 0 : programBytes(program);
}

/** Whether what /proc shows now is the process and the program of the table. */
function isSameProgram({ program, start }: ProcessFacts, now: ProcessFacts): boolean {
  if (program === undefined || !isSameStart(now.start, start)) return false;
  return now.path === program.path || (now.path !== undefined && now.path === program.interpreterPath);
}

/** /proc knows a start only to the tick. */
export function isSameStart(one: bigint | undefined, other: bigint | undefined): boolean {
  return one !== undefined && other !== undefined && one / tick === other / tick;
}

/** What a record says of the parent itself. */
function parentOf(record: KernelRecord): ProcessFacts {
  const { ppid: pid, parentComm: comm } = record;
  return { pid, ppid: undefined, comm, path: undefined, start: undefined, source: 'record' };
}

/** /proc counts start times in ticks of 10 ms on every Linux ABI (USER_HZ is 100). */
const tick = 10_000_000n;

export function readProc(pid: number): ProcessFacts | undefined {
  try {
    const { comm, ppid, start } = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return { pid, ppid, comm, path: executable(pid), start, source: 'proc' };
  } catch {
    return undefined;
  }
}

const systemFiles: ProcFiles = {
  process: readProc,
  program: readProgram,
  pids: () => {
    try {
      return readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number);
    } catch {
      return [];
    }
  },
};

/** Fields of /proc/PID/stat. The name stands in parentheses and may itself hold parentheses and spaces. */
export function parseStat(stat: string): { comm: Bytes; ppid: number; start: bigint } {
  const open = stat.indexOf('(');
  const close = stat.lastIndexOf(')');
  const [, ppid, ...rest] = stat.slice(close + 2).split(' ');
  // `state` is field 3 and `starttime` field 22 of proc_pid_stat(5); rest begins at field 5.
  const start = rest[17];
  if (open < 0 || ppid === undefined || start === undefined) throw new RangeError('not the text of /proc/PID/stat');
  return { comm: stat.slice(open + 1, close), ppid: Number(ppid), start: BigInt(start) * tick };
}

function executable(pid: number): Bytes | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`, 'latin1').replace(/ \(deleted\)$/, '');
  } catch {
    // A kernel thread has none.
    return undefined;
  }
}
