/** One agent at a time works on a directory of pins. The lock is a file that names its holder; it counts while that process lives. */
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SessionError } from './errors.js';

export const lockDirectory = '/run/portcullis';

export interface PinsLock {
  release(): void;
}

/** Throws SessionError `pins-held`, which says who holds it. */
export function lockPins(directory: string, pid: number, below = lockDirectory): PinsLock {
  mkdirSync(below, { recursive: true, mode: 0o700 });
  const path = join(below, `pins-${createHash('sha256').update(directory).digest('hex').slice(0, 12)}.lock`);
  const mine = `${pid} ${startOf(pid)}`;
  const fresh = `${path}.${pid}`;
  writeFileSync(fresh, mine, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        linkSync(fresh, path); // complete or not there at all
        return { release: () => rmSync(path, { force: true }) };
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }
      const holder = holderOf(path);
      if (holder !== undefined)
        throw new SessionError(
          'pins-held',
          `${directory} is worked on by process ${holder} already; only one agent may`,
        );
      rmSync(path, { force: true });
    }
  } finally {
    rmSync(fresh, { force: true });
  }
  throw new SessionError('pins-held', `${directory} is wanted by several agents at once; only one may have it`);
}

function holderOf(path: string): number | undefined {
  try {
    const [pid, start] = readFileSync(path, 'utf8').split(' ');
    return start !== undefined && startOf(Number(pid)) === start ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
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
