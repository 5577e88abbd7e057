/**
 * What processes have executed, by the numbers that the kernel gives to execs, so that what somebody descends from can be told to an image
 * that was not there. Fed with every exec from the moment forks are followed; what ran before is read from /proc once.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Ancestry, KernelRecord, LineageBits, Orphan } from '../kernel/types.js';
import type { Event } from '../secl/event.js';
import type { Truth } from '../secl/truth.js';
import { limits } from './limits.js';
import { readProgram } from './proc-program.js';
import { isSameStart, parseStat } from './processes.js';
import { type Program, programBytes, programOf } from './program.js';
import { viewsOfProgram } from './record-event.js';

/** Decides one lineage bit for a program, on its views. */
export interface LineageTest {
  holds(views: readonly Event[]): Truth;
}

/** A process as /proc shows it at one moment. */
export interface LivingProcess {
  pid: number;
  ppid: number;
  /** Nanoseconds since boot, to the tick of /proc. */
  start: bigint;
  /** Whether it leads its session: what init starts does, what was orphaned seldom. */
  leadsSession: boolean;
  /** Undefined for a thread of the kernel. */
  program: Program | undefined;
}

/** Reads one process, and all their pids; tests give their own. */
export interface ProcessSource {
  read(pid: number, now: bigint): LivingProcess | undefined;
  pids(): readonly number[];
}

/** One program that a line of processes has run. */
interface Step {
  /** `nothing`: a thread of the kernel. `unknown`: its exec was not seen. */
  readonly program: Program | 'nothing' | 'unknown';
  /** What came before it in the line; `unknown`: there may be more. */
  readonly before: Step | 'nothing' | 'unknown';
  readonly depth: number;
  /** Of this step alone, and of the line down to it. */
  readonly bytes: number;
  readonly lineBytes: number;
  readonly pid: number;
  /** Who holds it: its number, and each step that came after it. Without any it is gone. */
  holders: number;
}

/** A process that ran when forks began to be followed. */
interface Initial {
  readonly start: bigint;
  /** The number of what it ran then. */
  readonly exec: bigint;
  /** It has executed something since. */
  executed?: true;
}

/** The last exec of a process, by its number; `time`: nanoseconds since boot. */
interface Latest {
  readonly start: bigint;
  readonly exec: bigint;
  readonly time: bigint;
}

/** Numbers that user space gives have this bit; the kernel's do not. */
const ownNumber = 1n << 63n;

export class ProgramHistory {
  readonly #source: ProcessSource;
  readonly #steps = new Map<bigint, Step>();
  /** Of all steps that a number leads to. */
  #bytes = 0;
  /** Processes that ran when forks began to be followed, by pid; undefined: not asked for yet. */
  #initial: Map<number, Initial> | undefined;
  /** Of processes that have executed something since, by pid: kernel programs with larger slots know of no exec that others decided. */
  readonly #latest = new Map<number, Latest>();
  #numbers = 0n;
  /** Whether anybody will ask. */
  #follows = true;
  #decided = new WeakMap<Step, { tests: readonly LineageTest[]; ancestry: Omit<Ancestry, 'exec'> }>();

  constructor(source: ProcessSource = systemProcesses) {
    this.#source = source;
  }

  get size(): number {
    return this.#steps.size;
  }

  /** What is remembered takes, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Lineage is asked for from now on. So it is at first, until it is known what is in force. */
  follow(): void {
    this.#follows = true;
  }

  /** Forks are followed no more: what is known is void, and nothing is remembered until `follow`. */
  forget(): void {
    this.#follows = false;
    this.#steps.clear();
    this.#bytes = 0;
    this.#initial = undefined;
    this.#latest.clear();
  }

  /** One record of the kernel's. Each exec counts once, however often it is told. */
  remember(record: KernelRecord): void {
    if (!this.#follows) return;
    const { event, stage, verdict, exec } = record;
    if (event !== 'exec' || stage === 'refuse' || verdict === 'kill' || this.#steps.has(exec)) return;
    this.#makeRoom();
    this.#keep(exec, stage === 'unseen' ? 'unknown' : programOf(record), this.#before(record), record.pid);
    this.#note(record);
  }

  /** What a process is to an image with these lineage bits; undefined where nothing is known of it. `now`: since boot, ns. */
  ancestry(orphan: Orphan, tests: readonly LineageTest[], now: bigint): Ancestry | undefined {
    this.#initial ??= this.#readAll(now);
    const exec = orphan.exec !== 0n ? orphan.exec : this.#numberOf(orphan, now);
    const found = exec === undefined ? undefined : this.#steps.get(exec);
    return found === undefined ? undefined : { exec: exec!, ...this.#decide(found, tests) };
  }

  #before({ previous, pid, ppid, start }: KernelRecord): Step | 'unknown' {
    const known = this.#steps.get(previous);
    if (known !== undefined) return known;
    if (previous !== 0n) return 'unknown';
    // It ran before forks were followed, or was forked by somebody who did and has executed nothing since.
    const own = this.#lastOf(pid, start);
    const exec = own ?? this.#initial?.get(ppid)?.exec;
    // An orphan's new parent says nothing of the one it had.
    if (exec === undefined || exec === 'unknown' || (ppid === 1 && own === undefined)) return 'unknown';
    return this.#stepOf(exec);
  }

  /** What a process executes while /proc is not looked at. */
  #note({ pid, start, exec, time }: KernelRecord): void {
    if (this.#initial === undefined) return;
    const own = this.#initial.get(pid);
    if (own !== undefined && isSameStart(own.start, start)) own.executed = true;
    const last = this.#latest.get(pid);
    // records of two rings
    if (last === undefined || last.start !== start || last.time < time) this.#latest.set(pid, { start, exec, time });
  }

  /** The number of what a process runs; `unknown`: of something that is no longer remembered. */
  #lastOf(pid: number, start: bigint): bigint | 'unknown' | undefined {
    const last = this.#latest.get(pid);
    if (last !== undefined && isSameStart(last.start, start)) return last.exec;
    const known = this.#initial?.get(pid);
    if (known === undefined || !isSameStart(known.start, start)) return undefined;
    return known.executed ? 'unknown' : known.exec;
  }

  /** All processes, parents before their children. */
  #readAll(now: bigint): Map<number, Initial> {
    const living = this.#source.pids().flatMap((pid) => this.#source.read(pid, now) ?? []);
    const initial = new Map<number, Initial>();
    for (const process of living.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : a.pid - b.pid))) {
      initial.set(process.pid, { start: process.start, exec: this.#adopt(process, initial, now) });
    }
    return initial;
  }

  /** The number of the program of a process of which the kernel programs have seen no exec. */
  #numberOf({ pid, start }: Orphan, now: bigint): bigint | undefined {
    const initial = this.#initial!;
    const known = this.#lastOf(pid, start);
    if (known !== undefined) return known === 'unknown' ? undefined : known;
    const process = this.#source.read(pid, now);
    if (process === undefined || !isSameStart(process.start, start)) return undefined;
    const exec = this.#adopt(process, initial, now);
    initial.set(pid, { start: process.start, exec });
    return exec;
  }

  #adopt(process: LivingProcess, initial: ReadonlyMap<number, Initial>, now: bigint): bigint {
    this.#makeRoom();
    const { pid, ppid, program, leadsSession } = process;
    const orphaned = ppid === 1 && !leadsSession;
    const before = ppid === 0 ? 'nothing' : orphaned ? 'unknown' : this.#forkedBy(process, initial, now);
    this.#numbers += 1n;
    const exec = ownNumber | this.#numbers;
    this.#keep(exec, program ?? 'nothing', before, pid);
    return exec;
  }

  /** What the parent of a process ran when it forked it. */
  #forkedBy({ ppid, start }: LivingProcess, initial: ReadonlyMap<number, Initial>, now: bigint): Step | 'unknown' {
    const last = this.#latest.get(ppid);
    const parent = initial.get(ppid);
    if (last === undefined) return parent === undefined || parent.executed ? 'unknown' : this.#stepOf(parent.exec);
    const living = this.#source.read(ppid, now);
    const isParent = living !== undefined && isSameStart(living.start, last.start);
    // which of its programs forked it is not known
    return isParent && last.time <= start ? this.#stepOf(last.exec) : 'unknown';
  }

  #stepOf(exec: bigint): Step | 'unknown' {
    return this.#steps.get(exec) ?? 'unknown';
  }

  #decide(last: Step, tests: readonly LineageTest[]): Omit<Ancestry, 'exec'> {
    // From the first program on: each adds the one before it to what came before that.
    const line: Step[] = [];
    for (let at: Step | 'nothing' | 'unknown' = last; typeof at !== 'string'; at = at.before) {
      line.push(at);
      if (this.#decided.get(at)?.tests === tests) break;
    }
    let ancestry: Omit<Ancestry, 'exec'> = { self: none, ancestors: none };
    for (const at of line.reverse()) {
      const known = this.#decided.get(at);
      if (known?.tests === tests) {
        ancestry = known.ancestry;
        continue;
      }
      const all = (1n << BigInt(tests.length)) - 1n;
      const ancestors = at.before === 'unknown' ? { yes: 0n, unknown: all } : union(ancestry.ancestors, ancestry.self);
      ancestry = { self: selfOf(at.program, tests), ancestors };
      this.#decided.set(at, { tests, ancestry });
    }
    return ancestry;
  }

  #keep(exec: bigint, program: Step['program'], before: Step['before'], pid: number): void {
    const step = stepAfter(before, program, pid);
    if (typeof step.before !== 'string') step.before.holders++;
    this.#bytes += step.bytes;
    this.#steps.set(exec, step);
  }

  /** A step that others came after goes with the last of them. */
  #release(exec: bigint, released: Step): void {
    this.#steps.delete(exec);
    if (this.#latest.get(released.pid)?.exec === exec) this.#latest.delete(released.pid);
    for (let at: Step['before'] = released; typeof at !== 'string'; at = at.before) {
      at.holders--;
      if (at.holders > 0) return;
      this.#bytes -= at.bytes;
    }
  }

  /** Steps of processes that are gone; what lives descends from them goes on to know them, while there are bytes for that. */
  #makeRoom(): void {
    const { historySteps, historyBytes } = limits;
    const room = historyBytes.value - limits.historyLineBytes.value;
    if (this.#steps.size < historySteps.value && this.#bytes < room) return;
    const alive = new Set(this.#source.pids());
    for (const [exec, step] of this.#steps) if (!alive.has(step.pid)) this.#release(exec, step);
    for (const [exec, step] of this.#steps) {
      if (this.#steps.size < historySteps.value / 2 && this.#bytes < historyBytes.value / 2) break;
      this.#release(exec, step);
    }
  }
}

const none: LineageBits = { yes: 0n, unknown: 0n };

function stepAfter(before: Step['before'], program: Step['program'], pid: number): Step {
  const bytes = stepBytes + (typeof program === 'string' ? 0 : programBytes(program));
  const [depth, lineBytes] = typeof before === 'string' ? [0, bytes] : [before.depth + 1, before.lineBytes + bytes];
  // A line without end (a script that executes itself) must not grow for ever.
  return depth > limits.historyDepth.value || lineBytes > limits.historyLineBytes.value
    ? { program, before: 'unknown', depth: 0, bytes, lineBytes: bytes, pid, holders: 1 }
    : { program, before, depth, bytes, lineBytes, pid, holders: 1 };
}

/** A step without its program: its number, its places in the tables, and what was decided of it. */
const stepBytes = 512;

function selfOf(program: Step['program'], tests: readonly LineageTest[]): LineageBits {
  if (program === 'nothing') return none;
  const views = program === 'unknown' ? undefined : viewsOfProgram(program);
  const bits = { yes: 0n, unknown: 0n };
  tests.forEach((test, bit) => {
    const truth = views === undefined ? 'unknown' : test.holds(views);
    if (truth === true) bits.yes |= 1n << BigInt(bit);
    else if (truth === 'unknown') bits.unknown |= 1n << BigInt(bit);
  });
  return bits;
}

function union(one: LineageBits, other: LineageBits): LineageBits {
  const yes = one.yes | other.yes;
  return { yes, unknown: (one.unknown | other.unknown) & ~yes };
}

const systemProcesses: ProcessSource = {
  pids: () => {
    try {
      return readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number);
    } catch {
      return [];
    }
  },
  read: (pid, now) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const { ppid, start } = parseStat(stat);
      // `session` is field 6 of proc_pid_stat(5).
      const session = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
      const program = readProgram(pid, now);
      // A thread of the kernel has no executable.
      return {
        pid,
        ppid,
        start,
        leadsSession: session === pid,
        program: program?.path === undefined ? undefined : program,
      };
    } catch {
      return undefined;
    }
  },
};
