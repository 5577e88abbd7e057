/**
 * Who started a process: a small tree of the processes that records spoke of, and /proc for all others. Best effort:
 * both are read after the fact, so each entry says where it comes from.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import type { KernelRecord } from '../kernel/types.js';
import type { Bytes } from '../secl/bytes.js';
import { limits } from './limits.js';
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
}

export interface Lineage {
  /** Nearest first. Empty for a process without a parent. */
  ancestors: readonly ProcessFacts[];
  /** There are, or may be, more. */
  complete: boolean;
}

/** Reads one process of the host; undefined when it is gone. Tests give their own. */
export type ProcReader = (pid: number) => ProcessFacts | undefined;

export class ProcessTree {
  readonly #proc: ProcReader;
  readonly #asked = new Map<number, ProcessFacts | undefined>();
  readonly #known = new Recent<number, ProcessFacts>(limits.treeProcesses.value);

  constructor(proc: ProcReader = readProc) {
    this.#proc = proc;
  }

  /** Forgets what /proc said: call it once a batch. In a batch many records have the same ancestors. */
  refresh(): void {
    this.#asked.clear();
  }

  /** Remembers the process of a record, unless its exec did not take place or it did not survive it. */
  remember(record: KernelRecord): void {
    if (record.stage !== 'kill' || record.verdict === 'kill') return;
    const { pid, ppid, comm, path, start } = record;
    this.#known.set(pid, { pid, ppid, comm, path, start, source: 'record' });
  }

  /** The processes above the one of a record. */
  lineage(record: KernelRecord): Lineage {
    const ancestors: ProcessFacts[] = [];
    let ppid: number | undefined = record.ppid;
    let start = record.start;
    while (ppid !== undefined && ppid > 0) {
      if (ancestors.length === limits.ancestorDepth.value) return { ancestors, complete: false };
      const known: ProcessFacts | undefined = this.#find(ppid, start);
      const found = known ?? (ancestors.length === 0 ? parentOf(record) : undefined);
      if (found === undefined) return { ancestors, complete: false };
      ancestors.push(found);
      start = found.start ?? start;
      // Only the parent's own record can say nothing of its parent; then the way up ends here.
      if (found.ppid === undefined) return { ancestors, complete: false };
      ppid = found.ppid;
    }
    return { ancestors, complete: true };
  }

  #ask(pid: number): ProcessFacts | undefined {
    if (!this.#asked.has(pid)) this.#asked.set(pid, this.#proc(pid));
    return this.#asked.get(pid);
  }

  /** A process that started after its child is another one that got the same pid. */
  #find(pid: number, childStart: bigint): ProcessFacts | undefined {
    for (const facts of [this.#ask(pid), this.#known.get(pid)]) {
      if (facts === undefined) continue;
      if (facts.start === undefined || facts.start <= childStart + tick) return facts;
    }
    return undefined;
  }
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
