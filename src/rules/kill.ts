/**
 * A kill after the event. The process is opened first and looked at then, so that the signal reaches the process that was
 * looked at and no other that got its pid.
 */
import type { KillReport } from '../events/rule-run.js';
import type { Bytes } from '../secl/bytes.js';

/** Who is meant: the process of an event, and what it ran. */
export interface KillTarget {
  pid: number;
  /** Nanoseconds since boot when the process started. */
  start: bigint;
  /** The binary of its exec; of a script its interpreter. 0 and undefined: not known. */
  inode: bigint;
  path: Bytes | undefined;
}

/** A process by a descriptor: it stays that process. */
export interface OpenProcess {
  /** Throws an error with `code` when the system refuses. */
  signal(number: number): void;
  close(): void;
}

/** What a kill needs of the system; tests give their own. */
export interface Processes {
  /** The agent itself. */
  readonly self: number;
  /** Never acted on, whatever a rule says: process 1, the agent, what the host keeps for its own. */
  isProtected(pid: number): boolean;
  /** Throws an error with `code` `ESRCH` when there is no such process. */
  open(pid: number): OpenProcess;
  /** Nanoseconds since boot, to the tick; undefined when it is gone. */
  start(pid: number): bigint | undefined;
  /** The binary it runs now; undefined where that cannot be read. */
  binary(pid: number): { inode: bigint; path: Bytes } | undefined;
  /** Nanoseconds since boot. */
  now(): bigint;
}

/** /proc knows a start to this many nanoseconds. */
const tick = 10_000_000n;

export function killAfter(target: KillTarget, signal: number, processes: Processes): KillReport {
  if (target.pid <= 1) return { status: 'protected', why: 'process 1 is never acted on' };
  if (target.pid === processes.self) return { status: 'protected', why: 'the agent does not act on itself' };
  if (processes.isProtected(target.pid)) return { status: 'protected', why: 'the process is protected' };
  let process: OpenProcess;
  try {
    process = processes.open(target.pid);
  } catch (error) {
    return failed(error);
  }
  try {
    const why = mismatch(target, processes);
    if (why !== undefined) return { status: 'not_triggered', why };
    process.signal(signal);
    return { status: 'performed', killedAt: processes.now() };
  } catch (error) {
    return failed(error);
  } finally {
    process.close();
  }
}

/** Why the process that was opened is not the one that is meant. */
function mismatch({ pid, start, inode, path }: KillTarget, processes: Processes): string | undefined {
  const found = processes.start(pid);
  if (found === undefined) return ended;
  if (found / tick !== start / tick) return 'another process has its pid';
  const binary = processes.binary(pid);
  if (binary === undefined || (inode === 0n && path === undefined)) return undefined;
  // Some file systems show another inode number than they keep, and paths depend on where one looks from: one is enough.
  if (binary.inode === inode || binary.path === path) return undefined;
  return 'it runs another program by now';
}

const ended = 'it had ended';

function failed(error: unknown): KillReport {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (code === 'ESRCH') return { status: 'not_triggered', why: ended };
  return { status: 'error', why: error instanceof Error ? error.message : String(error) };
}
