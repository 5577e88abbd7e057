/** A control group of the default hierarchy, held open: its name may become another's, what is done here reaches this one. */
import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { posix } from 'node:path';
import { unifiedMount, unifiedPath } from '../../events/cgroups.js';
import type { Bytes } from '../../secl/bytes.js';
import { limits } from '../limits.js';

/** What ending a scope needs of a control group; those below it belong to it. */
export interface Cgroup {
  /** As /proc/PID/cgroup writes it. */
  readonly path: Bytes;
  /** Processes in it and below, those that are dying included. */
  processes(): number[];
  /** Whether the process, whoever has the pid now, is in it or below. */
  holds(pid: number): boolean;
  populated(): boolean;
  /** Whether everything in it has stopped. */
  frozen(): boolean;
  /** Sends SIGKILL to everything in it, forks that are under way included. `unsupported`: there is no such file for the agent. */
  kill(): 'done' | 'unsupported';
  freeze(): 'done' | 'unsupported';
  thaw(): void;
  close(): void;
}

/** The control groups of this host. */
export interface Cgroups {
  /** The one the agent runs in; undefined where there is no default hierarchy. */
  own(): Bytes | undefined;
  /**
   * The one at a path; undefined when it is gone. `id`: what it must be, 0: anything. A threaded one has no processes of its
   * own: the nearest above that has is opened. Throws where the system refuses.
   */
  open(path: Bytes, id: bigint): Cgroup | undefined;
}

export const systemCgroups: Cgroups = {
  own: () => membership('self'),
  open: (path, id) => {
    const root = unifiedMount(readFileSync('/proc/mounts', 'utf8'));
    return root === undefined ? undefined : openDirectory(root, path, id);
  },
};

function openDirectory(root: string, path: string, id: bigint): Cgroup | undefined {
  const directory = unlessGone(() =>
    openSync(Buffer.from(root + path, 'latin1'), constants.O_RDONLY | constants.O_DIRECTORY),
  );
  if (directory === undefined) return undefined;
  const here = new Directory(directory, path);
  if (id !== 0n && fstatSync(directory, { bigint: true }).ino !== id) {
    here.close();
    return undefined;
  }
  if (!here.isThreaded()) return here;
  here.close();
  return openDirectory(root, posix.dirname(path), 0n);
}

class Directory implements Cgroup {
  readonly path: string;
  readonly #descriptor: number;

  constructor(descriptor: number, path: string) {
    this.#descriptor = descriptor;
    this.path = path;
  }

  isThreaded(): boolean {
    return (this.#read('cgroup.type') ?? '').startsWith('threaded');
  }

  processes(): number[] {
    const found = new Set<number>();
    const queue = [''];
    for (let next = 0; next < queue.length && next < limits.scopeCgroups.value; next++) {
      const below = queue[next]!;
      // A threaded one refuses to be read: its processes are listed above it.
      for (const line of (this.#read(`${below}cgroup.procs`) ?? '').split('\n'))
        if (Number(line) > 0) found.add(Number(line));
      for (const name of this.#children(below)) queue.push(`${below}${name}/`);
    }
    return [...found];
  }

  holds(pid: number): boolean {
    const path = membership(pid);
    return path !== undefined && isWithin(path, this.path);
  }

  populated(): boolean {
    return /^populated 1$/m.test(this.#read('cgroup.events') ?? '');
  }

  frozen(): boolean {
    return /^frozen 1$/m.test(this.#read('cgroup.events') ?? '');
  }

  kill(): 'done' | 'unsupported' {
    return this.#write('cgroup.kill', '1');
  }

  freeze(): 'done' | 'unsupported' {
    return this.#write('cgroup.freeze', '1');
  }

  thaw(): void {
    this.#write('cgroup.freeze', '0');
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #at(name: Bytes): Buffer {
    return Buffer.from(`/proc/self/fd/${this.#descriptor}/${name}`, 'latin1');
  }

  #read(name: Bytes): string | undefined {
    return unlessGone(() => readFileSync(this.#at(name), 'latin1'));
  }

  #write(name: Bytes, text: string): 'done' | 'unsupported' {
    try {
      // Some of these files can only be written.
      const file = openSync(this.#at(name), constants.O_WRONLY);
      try {
        writeSync(file, text);
      } finally {
        closeSync(file);
      }
      return 'done';
    } catch (error) {
      if (isRefused(error)) return 'unsupported';
      if (!isGone(error)) throw error;
      // What has no file of this name is an old kernel; what has no files at all has no processes either.
      return existsSync(this.#at('cgroup.procs')) ? 'unsupported' : 'done';
    }
  }

  #children(below: Bytes): Bytes[] {
    const entries = unlessGone(() => readdirSync(this.#at(below), { withFileTypes: true, encoding: 'latin1' })) ?? [];
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  }
}

/** Whether a control group is another or below it. */
export function isWithin(path: string, above: string): boolean {
  return path === above || path.startsWith(above === '/' ? above : `${above}/`);
}

function membership(pid: number | 'self'): string | undefined {
  return unifiedPath(unlessGone(() => readFileSync(`/proc/${pid}/cgroup`, 'latin1')) ?? '');
}

/** Control groups and processes go away at any moment: that is no error. */
function unlessGone<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

const gone = new Set(['ENOENT', 'ENODEV', 'ESRCH', 'EOPNOTSUPP', 'ENOTSUP']);

/** A service may see the tree read-only, or lack the right to what is a user's. */
function isRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['EACCES', 'EPERM', 'EROFS'].includes(String(error.code));
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && gone.has(String(error.code));
}
