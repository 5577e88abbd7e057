/** The canary: the cgroup in and below which rules act. As long as there is none of that name they act nowhere. */
import { type BigIntStats, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { unifiedPath } from '../events/cgroups.js';
import type { KernelSession } from '../kernel/types.js';
import type { AgentLog } from '../telemetry/log.js';

export interface CanaryParts {
  session: Pick<KernelSession, 'limitTo'>;
  log: AgentLog;
  find?(path: string): CanaryCgroup | undefined;
  /** The path of a process's cgroup. */
  cgroupOf?(pid: number): string | undefined;
}

export interface CanaryCgroup {
  id: bigint;
  /** Depth; the root's is 0. */
  level: number;
}

/** No cgroup has this id. */
const nowhere: CanaryCgroup = { id: 0xffff_ffff_ffff_ffffn, level: 0 };

export class Canary {
  readonly #parts: CanaryParts;
  readonly #find: (path: string) => CanaryCgroup | undefined;
  readonly #cgroupOf: (pid: number) => string | undefined;
  #path = '';
  #id: bigint | undefined;

  constructor(parts: CanaryParts) {
    this.#parts = parts;
    this.#find = parts.find ?? findCgroup;
    this.#cgroupOf = parts.cgroupOf ?? cgroupOfProcess;
  }

  /** What status shows; undefined: rules act everywhere. */
  get status(): { cgroup: string; found: boolean } | undefined {
    return this.#path === '' ? undefined : { cgroup: this.#path, found: this.#id !== nowhere.id };
  }

  /** Whether rules do not act on a process that runs already. One whose cgroup cannot be told is outside. */
  excludes(pid: number): boolean {
    if (this.#path === '') return false;
    const path = this.#id === nowhere.id ? undefined : this.#cgroupOf(pid);
    const inside = this.#path.replace(/\/+$/, '');
    return path === undefined || (path !== inside && !path.startsWith(`${inside}/`));
  }

  /** Limits rules to this cgroup from now on; empty: to none. Throws where it cannot be looked for, or the kernel does not take it. */
  use(path: string): void {
    const { session, log } = this.#parts;
    if (path !== this.#path) this.#id = undefined;
    const had = this.#path;
    this.#path = path;
    if (path !== '') {
      this.look();
      return;
    }
    session.limitTo(undefined);
    if (had !== '') log.warn('canary', 'Rules act everywhere again: the canary is gone from the configuration.');
  }

  /** Finds the cgroup again: it may have been made, or made anew, since. Throws as `use`; then rules act where they did. */
  look(): void {
    if (this.#path === '') return;
    const { session, log } = this.#parts;
    const found = this.#find(this.#path);
    const cgroup = found ?? nowhere;
    if (cgroup.id === this.#id) return;
    session.limitTo(cgroup);
    this.#id = cgroup.id;
    const fields = { cgroup: this.#path };
    if (found === undefined) {
      log.error('canary', `There is no cgroup ${this.#path}, to which rules are limited: they act nowhere.`, fields);
    } else log.warn('canary', `Rules act in the cgroup ${this.#path} and below it, and nowhere else.`, fields);
  }
}

/** By its path in the default hierarchy; undefined where there is none. */
function findCgroup(path: string): CanaryCgroup | undefined {
  const mount = cgroupMount(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (mount === undefined) return undefined;
  const stat = statBelow(mount, path);
  if (stat === undefined || !stat.isDirectory()) return undefined;
  return { id: stat.ino, level: path.split('/').filter((name) => name !== '').length };
}

function statBelow(mount: string, path: string): BigIntStats | undefined {
  try {
    return statSync(join(mount, path), { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    // through a file: there is nothing either
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function cgroupOfProcess(pid: number): string | undefined {
  try {
    return unifiedPath(readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Engines that use a version 1 hierarchy put containers where the default one does not tell them apart. */
export function cgroupHierarchy(): 'default' | 'unknown' {
  const mount = cgroupMount(readFileSync('/proc/self/mountinfo', 'utf8'));
  return mount === '/sys/fs/cgroup' ? 'default' : 'unknown';
}

/** Where the default hierarchy (cgroup2) is mounted as a whole, from the text of mountinfo. */
export function cgroupMount(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , root, mount] = left.split(' ');
    if (right.startsWith('cgroup2 ') && root === '/') return mount;
  }
  return undefined;
}
