/** From the cgroup id of a record to a path in the default hierarchy: best effort, bounded, never wrong. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { type ContainerIdentity, containerOf } from './container.js';
import { limits } from './limits.js';
import { Recent } from './recent.js';

/** The files that the search reads; tests give their own. Ids are inode numbers of directories, names and paths are bytes. */
export interface CgroupFiles {
  /** Where the default hierarchy is mounted; undefined where it is not. */
  root(): string | undefined;
  /** Content of /proc/PID/cgroup; undefined when the process is gone. */
  membership(pid: number): string | undefined;
  /** Undefined when the directory is gone. */
  idOf(directory: string): bigint | undefined;
  /** Names of the directories in one; empty when it is gone. */
  children(directory: string): readonly string[];
}

export class CgroupPaths {
  readonly #files: CgroupFiles;
  readonly #now: () => number;
  readonly #paths = new Recent<bigint, string>(limits.cgroupPaths.value);
  /** By path; undefined: on the host. */
  readonly #containers = new Recent<string, { container: ContainerIdentity | undefined }>(limits.cgroupPaths.value);
  #root: string | undefined;
  #scannedAt = Number.NEGATIVE_INFINITY;

  /** `now`: milliseconds of any steady clock. */
  constructor(files: CgroupFiles = systemFiles, now: () => number = () => performance.now()) {
    this.#files = files;
    this.#now = now;
  }

  /**
   * The path of a cgroup as /proc/PID/cgroup writes it (`/` for the root). The processes named, nearest first, are
   * asked before the tree is searched; what they say counts only when the directory has the id of the record, since a
   * pid may be another process by now.
   */
  path(id: bigint, pids: readonly number[]): string | undefined {
    return this.#find(id, pids, limits.cgroupScanPause.value);
  }

  /** The same for whoever is about to act on it: the tree is searched even if it has just been. */
  locate(id: bigint, pids: readonly number[]): string | undefined {
    return this.#find(id, pids, 0);
  }

  /** The innermost container of a path; undefined for none. */
  container(path: string): ContainerIdentity | undefined {
    const known = this.#containers.get(path);
    if (known !== undefined) return known.container;
    const container = containerOf(path);
    this.#containers.set(path, { container });
    return container;
  }

  /** Id of the one that a process is in now; undefined where it cannot be told. */
  of(pid: number): bigint | undefined {
    this.#root ??= this.#files.root();
    const path = unifiedPath(this.#files.membership(pid) ?? '');
    if (this.#root === undefined || path === undefined) return undefined;
    const id = this.#files.idOf(this.#root + path);
    if (id !== undefined) this.#remember(id, path);
    return id;
  }

  #find(id: bigint, pids: readonly number[], scanPause: number): string | undefined {
    if (id === 0n) return undefined;
    const remembered = this.#paths.get(id);
    if (remembered !== undefined) return remembered;
    this.#root ??= this.#files.root();
    const root = this.#root;
    if (root === undefined) return undefined;

    for (const pid of pids) {
      const path = unifiedPath(this.#files.membership(pid) ?? '');
      if (path !== undefined && this.#files.idOf(root + path) === id) return this.#remember(id, path);
    }
    return this.#now() - this.#scannedAt < scanPause ? undefined : this.#search(root, id);
  }

  #remember(id: bigint, path: string): string {
    this.#paths.set(id, path);
    return path;
  }

  /** Breadth first over the tree, remembering everything on the way: the next question is often about a neighbour. */
  #search(root: string, id: bigint): string | undefined {
    this.#scannedAt = this.#now();
    const queue = ['/'];
    for (let next = 0; next < queue.length && next < limits.cgroupScan.value; next++) {
      const path = queue[next]!;
      const found = this.#files.idOf(root + path);
      if (found === undefined) continue;
      this.#remember(found, path);
      if (found === id) return path;
      const prefix = path === '/' ? '/' : `${path}/`;
      for (const name of this.#files.children(root + path)) queue.push(prefix + name);
    }
    return undefined;
  }
}

/** The path of the default hierarchy (`0::PATH`) in the text of /proc/PID/cgroup. */
export function unifiedPath(membership: string): string | undefined {
  for (const line of membership.split('\n')) {
    // A removed cgroup is written with this suffix, and has no directory any more.
    if (line.startsWith('0::/') && !line.endsWith(' (deleted)')) return line.slice('0::'.length);
  }
  return undefined;
}

/** The first mount of type cgroup2 in the text of /proc/mounts. */
export function unifiedMount(mounts: string): string | undefined {
  for (const line of mounts.split('\n')) {
    const [, point, type] = line.split(' ');
    if (type === 'cgroup2' && point !== undefined) return point;
  }
  return undefined;
}

const systemFiles: CgroupFiles = {
  root: () => unifiedMount(quietly(() => readFileSync('/proc/mounts', 'utf8')) ?? ''),
  membership: (pid) => quietly(() => readFileSync(`/proc/${pid}/cgroup`, 'latin1')),
  idOf: (directory) => quietly(() => statSync(Buffer.from(directory, 'latin1'), { bigint: true }).ino),
  children: (directory) =>
    quietly(() =>
      readdirSync(Buffer.from(directory, 'latin1'), { withFileTypes: true, encoding: 'latin1' })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name),
    ) ?? [],
};

/** Processes and cgroups go away at any moment: that is not an error, only nothing known. */
function quietly<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
