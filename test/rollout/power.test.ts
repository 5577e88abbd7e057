/**
 * Power cuts. The disk of these tests keeps two states: what programs see, and what would be there after a power cut, to
 * which contents and names get only when they are synced. The power goes at every call in turn.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Disk, DiskFile } from '../../src/rollout/follower/disk.js';
import { Store } from '../../src/rollout/follower/store.js';
import { TestHost, textOf } from './host.js';
import { policyText, TestRepository } from './publisher-support.js';
import { FileServer } from './server.js';

class PowerCut extends Error {
  readonly code = 'EIO';
}

interface Inode {
  seen: Buffer;
  safe: Buffer;
}

/** What an interrupted write leaves where it was not synced. */
type Worst = 'nothing-unsynced' | 'everything-torn';

class FailingDisk implements Disk {
  readonly #seen = new Map<string, Inode>();
  #safe = new Map<string, Inode>();
  calls = 0;
  failAt = Number.POSITIVE_INFINITY;
  /** The power is gone: nothing works any more. Or only one call fails, as on a full disk. */
  failure: 'power' | 'once' = 'power';

  /** What a start after the power cut finds. */
  afterPowerCut(worst: Worst): FailingDisk {
    const disk = new FailingDisk();
    const names = worst === 'nothing-unsynced' ? this.#safe : this.#seen;
    for (const [path, inode] of names) {
      const content = worst === 'nothing-unsynced' ? inode.safe : torn(inode);
      const fresh = { seen: content, safe: content };
      disk.#seen.set(path, fresh);
      disk.#safe.set(path, fresh);
    }
    return disk;
  }

  async makeDirectory(): Promise<void> {
    this.#call();
  }

  async list(path: string): Promise<string[]> {
    this.#call();
    return [...this.#seen.keys()].filter((name) => dirname(name) === path).map((name) => name.slice(path.length + 1));
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    this.#call();
    return this.#seen.get(path)?.seen;
  }

  async create(path: string): Promise<DiskFile> {
    this.#call();
    const inode: Inode = { seen: Buffer.alloc(0), safe: Buffer.alloc(0) };
    this.#seen.set(path, inode);
    return {
      write: async (bytes) => {
        // Half of it gets there.
        inode.seen = Buffer.from(bytes.subarray(0, bytes.length / 2));
        this.#call();
        inode.seen = Buffer.from(bytes);
      },
      sync: async () => {
        this.#call();
        inode.safe = inode.seen;
      },
      close: async () => this.#call(),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.#call();
    const inode = this.#seen.get(from);
    if (inode === undefined) throw new Error(`no ${from}`);
    this.#seen.delete(from);
    this.#seen.set(to, inode);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#call();
    const isHere = (name: string) => dirname(name) === path;
    this.#safe = new Map([
      ...[...this.#safe].filter(([name]) => !isHere(name)),
      ...[...this.#seen].filter(([name]) => isHere(name)),
    ]);
  }

  async remove(path: string): Promise<void> {
    this.#call();
    this.#seen.delete(path);
  }

  #call(): void {
    this.calls++;
    if (this.failure === 'power' ? this.calls >= this.failAt : this.calls === this.failAt)
      throw new PowerCut('the power is gone');
  }
}

function torn({ seen, safe }: Inode): Buffer {
  return seen.equals(safe) ? safe : seen.subarray(0, Math.floor(seen.length * 0.7));
}

let repository: TestRepository;
let server: FileServer;
let pinnedRoot: string;

beforeEach(async () => {
  repository = await TestRepository.create();
  server = await FileServer.start(repository.path);
  pinnedRoot = readFileSync(join(repository.path, 'metadata', '1.root.json'), 'utf8');
});
afterEach(async () => {
  await server.stop();
  repository.remove();
});

const old = 'miners.policy: old';
const fresh = 'miners.policy: new';

/** A disk on which the old policy is in force. */
async function hostWithOld(): Promise<{ host: TestHost; disk: FailingDisk }> {
  const disk = new FailingDisk();
  const host = new TestHost(server.url, pinnedRoot, {}, disk);
  await host.start();
  await host.step();
  expect(host.enforced).toBe(old);
  return { host, disk };
}

describe('power that goes', () => {
  it('at any call of an update leaves the old policy or the new one, whole', async () => {
    await repository.release('miners', policyText('old'));
    const { host, disk } = await hostWithOld();
    const begun = disk.calls;
    const snapshots: FailingDisk[] = [];
    await repository.release('miners', policyText('new'));
    const whole = await countCalls();
    expect(whole).toBeGreaterThan(15);
    const found = new Set<string | undefined>();
    for (let at = 1; at <= whole + 1; at++) {
      const { host: victim, disk: failing } = await hostAgain(disk);
      failing.calls = 0;
      failing.failAt = at;
      await victim.step();
      expect([old, fresh]).toContain(victim.enforced);
      for (const worst of ['nothing-unsynced', 'everything-torn'] as const) {
        const store = await Store.open(victim.directory, failing.afterPowerCut(worst));
        const name = contentsOf(store);
        expect([old, fresh], `after a cut at call ${at}: ${worst}, ${store.damage.join(' ')}`).toContain(name);
        found.add(name);
      }
      await victim.remove();
      snapshots.push(failing);
    }
    expect([...found].sort()).toEqual([fresh, old]);
    expect(begun).toBeGreaterThan(0);
    await host.remove();

    async function countCalls(): Promise<number> {
      const { host: counted, disk: counting } = await hostAgain(disk);
      counting.calls = 0;
      await counted.step();
      expect(counted.enforced).toBe(fresh);
      await counted.remove();
      return counting.calls;
    }

    /** Another host that begins from the same disk. */
    async function hostAgain(from: FailingDisk): Promise<{ host: TestHost; disk: FailingDisk }> {
      const copy = from.afterPowerCut('nothing-unsynced');
      const again = new TestHost(server.url, pinnedRoot, {}, copy);
      // The disk knows paths: the copy stands for the same directory.
      Object.defineProperty(again, 'directory', { value: host.directory });
      await again.start();
      expect(again.enforced).toBe(old);
      return { host: again, disk: copy };
    }
  });

  it('once, as on a full disk, leaves the host enforcing, and the next poll finishes', async () => {
    await repository.release('miners', policyText('old'));
    const first = await hostWithOld();
    await repository.release('miners', policyText('new'));
    for (let at = 1; at <= 40; at++) {
      const disk = first.disk.afterPowerCut('nothing-unsynced');
      const host = new TestHost(server.url, pinnedRoot, {}, disk);
      Object.defineProperty(host, 'directory', { value: first.host.directory });
      await host.start();
      disk.calls = 0;
      disk.failAt = at;
      disk.failure = 'once';
      await host.step();
      expect([old, fresh]).toContain(host.enforced);
      await host.step();
      expect(host.enforced).toBe(fresh);
      expect(contentsOf(await Store.open(host.directory, disk.afterPowerCut('nothing-unsynced')))).toBe(fresh);
      await host.source.close();
    }
    await first.host.remove();
  });
});

describe('a damaged store', () => {
  it('falls back to the policies before, and says so', async () => {
    await repository.release('miners', policyText('old'));
    const { host, disk } = await hostWithOld();
    await repository.release('miners', policyText('new'));
    await host.step();
    const set = (await disk.list(join(host.directory, 'sets'))).find((name) =>
      name.startsWith(host.follower.status.active!.hash),
    )!;
    const file = await disk.create(join(host.directory, 'sets', set));
    await file.write(Buffer.from('{"damaged": ""}'));
    host.notices = [];
    await host.start();
    expect(host.enforced).toBe(old);
    expect(host.notices.map(({ code }) => code)).toEqual(['rollout-store']);
    await host.step();
    expect(host.enforced).toBe(fresh);
    await host.remove();
  });

  it('without its trusted metadata begins at the pinned root', async () => {
    await repository.release('miners', policyText('old'));
    const { host, disk } = await hostWithOld();
    await (await disk.create(join(host.directory, 'trusted.json'))).write(Buffer.from('{'));
    await host.start();
    expect(host.enforced).toBe(old);
    expect(await host.step()).toBe('updated');
    await host.remove();
  });
});

function contentsOf(store: Store): string | undefined {
  const set = store.active;
  return (
    set &&
    textOf({
      files: set.releases.map(({ policy, sha256 }) => ({ name: `${policy}.policy`, bytes: set.contents.get(sha256)! })),
      version: 0,
      hash: '',
    })
  );
}
