/**
 * One agent at a time works on a directory of pins. Whoever wants it puts down a file named after itself, and only then looks whether
 * another process that lives has one there: of two at once at least one sees the other. A file of a process that is gone counts for
 * nothing, and nobody else ever has its name, so that removing it takes nothing from anybody.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SessionError } from './errors.js';

export const lockDirectory = '/run/portcullis';

export interface PinsLock {
  release(): void;
}

/** Of two that see each other both step back, the one for longer. */
const attempts = 5;
const longestPause = 50;

/** Throws SessionError `pins-held`, which says who holds it. */
export function lockPins(directory: string, pid: number, below = lockDirectory): PinsLock {
  mkdirSync(below, { recursive: true, mode: 0o700 });
  const lock = `pins-${createHash('sha256').update(directory).digest('hex').slice(0, 12)}`;
  const mine = `${lock}.${pid}.${startOf(pid)}`;
  const path = join(below, mine);
  let holder = pid;
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) sleep(Math.random() * longestPause);
    if (!isNew(path)) break;
    const release = () => rmSync(path, { force: true });
    try {
      const other = holderOf(lock, mine, below);
      if (other === undefined) return { release };
      holder = other;
    } catch (error) {
      release();
      throw error;
    }
    release();
  }
  throw new SessionError('pins-held', `${directory} is worked on by process ${holder} already; only one agent may`);
}

/** False where this very process has it already. */
function isNew(path: string): boolean {
  try {
    writeFileSync(path, '', { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Another process that lives and holds the lock, or is about to. */
function holderOf(lock: string, mine: string, below: string): number | undefined {
  for (const name of readdirSync(below)) {
    const [of, pid, start] = name.split('.');
    if (of !== lock || name === mine || start === undefined) continue;
    if (startOf(Number(pid)) === start) return Number(pid);
    rmSync(join(below, name), { force: true });
  }
  return undefined;
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** When it started, as the kernel counts; a pid alone may belong to another process by now. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
