/**
 * Keeps the kernel's set of protected files true: resolved at the start and at a reload, and again when a directory of such a file
 * changes, as in a package upgrade, which puts a new inode under the old name.
 */
import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { readProc } from '../events/processes.js';
import type { KernelSession, ProtectedFile } from '../kernel/types.js';
import type { AgentLog } from '../telemetry/log.js';
import { limits } from './limits.js';
import type { Protected } from './protection-files.js';
import { type FileIdentity, resolveFile } from './protection-resolve.js';

export interface ProtectionParts {
  session: Pick<KernelSession, 'protect'>;
  log: AgentLog;
  resolve?(path: string): FileIdentity | undefined;
  parentOf?(pid: number): number | undefined;
}

interface Found extends ProtectedFile {
  path: string;
}

export class Protection {
  readonly #parts: ProtectionParts;
  readonly #resolve: (path: string) => FileIdentity | undefined;
  readonly #parentOf: (pid: number) => number | undefined;
  #wanted: readonly Protected[] = [];
  #found: readonly Found[] = [];
  readonly #ever = new Map<string, ReadonlySet<string>>();
  #said = '[[],[],[]]';
  #watchers: FSWatcher[] = [];
  #settling: NodeJS.Timeout | undefined;
  readonly #poll: NodeJS.Timeout;

  constructor(parts: ProtectionParts) {
    this.#parts = parts;
    this.#resolve = parts.resolve ?? resolveFile;
    this.#parentOf = parts.parentOf ?? ((pid) => readProc(pid)?.ppid);
    this.#poll = setInterval(() => this.look(), limits.protectionPoll.value).unref();
  }

  /** Files that the kernel spares now. */
  get count(): number {
    return this.#found.length;
  }

  /**
   * Whether a process that runs already is left alone: its program is protected, or was at some time since the agent started (an upgrade
   * puts a new file under the name of one that goes on running); a shell only where a login program started it.
   */
  spares(pid: number): boolean {
    const protection = this.#protectionOf(pid);
    if (protection.has('program')) return true;
    if (!protection.has('shell')) return false;
    const parent = this.#parentOf(pid);
    return parent !== undefined && this.#protectionOf(parent).has('login');
  }

  #protectionOf(pid: number): ReadonlySet<string> {
    const identity = this.#resolve(`/proc/${pid}/exe`);
    return (identity && this.#ever.get(keyOf(identity))) ?? nothing;
  }

  /** Protects these from now on, and nothing else. Where they are too many for the kernel, that is said and the old set stays. */
  use(wanted: readonly Protected[]): void {
    this.#wanted = wanted;
    this.look();
    this.#watch();
  }

  /** Resolves again; what cannot be protected is said, and the old set stays. */
  look(): void {
    try {
      this.#protect();
    } catch (error) {
      this.#parts.log.error('protected', `The protected files could not be brought up to date. ${String(error)}`);
    }
  }

  end(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#settling);
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  #protect(): void {
    const { session, log } = this.#parts;
    const found: Found[] = [];
    const missing: string[] = [];
    for (const { path, protection } of this.#wanted) {
      const identity = this.#resolve(path);
      if (identity === undefined) missing.push(path);
      else found.push({ path, ...identity, protection });
    }
    const { kept, shared } = withoutSharedShells(found);
    const said = JSON.stringify([kept, missing, shared], (_, value) =>
      typeof value === 'bigint' ? `${value}` : value,
    );
    if (said === this.#said) return;
    session.protect(kept);
    this.#said = said;
    this.#found = kept;
    for (const file of kept) this.#ever.set(keyOf(file), new Set(file.protection));
    log.info('protected', `${kept.length} files are never acted on.`, { files: kept.map(({ path }) => path) });
    if (missing.length > 0) log.debug('protected-missing', 'Not on this host, so not protected.', { files: missing });
    if (shared.length > 0) {
      const text =
        'These are one file with a shell, and to protect them would be to protect every shell: they are not protected.';
      log.warn('protected-shared', text, { files: shared });
    }
  }

  #watch(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
    for (const directory of new Set(this.#wanted.map(({ path }) => dirname(path)))) {
      try {
        const watcher = watch(directory, { persistent: false }, () => this.#settle());
        watcher.on('error', () => watcher.close()); // the poll remains
        this.#watchers.push(watcher);
      } catch {
        // a directory that is not there yet: the poll finds it
      }
    }
  }

  /** A package brings many files at once: one look for all, and no later than this for the first. */
  #settle(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      this.look();
    }, limits.protectionSettle.value).unref();
  }
}

const nothing: ReadonlySet<string> = new Set();

function keyOf({ inode, device }: FileIdentity): string {
  return `${device}:${inode}`;
}

/** In a program of many names, such as busybox, a login program may be the shell itself. */
function withoutSharedShells(found: readonly Found[]): { kept: Found[]; shared: string[] } {
  const shells = new Set(found.filter(({ protection }) => protection.includes('shell')).map(keyOf));
  const isShared = (file: Found) => file.protection.includes('login') && shells.has(keyOf(file));
  return { kept: found.filter((file) => !isShared(file)), shared: found.filter(isShared).map(({ path }) => path) };
}
