/** A host that follows a repository: a real follower over a guard that only remembers what it was asked. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Disk, realDisk } from '../../src/rollout/follower/disk.js';
import { Follower, type FollowerOptions } from '../../src/rollout/follower/follower.js';
import type { Candidate, Guard, WouldActOn } from '../../src/rollout/follower/guard.js';
import { HttpSource } from '../../src/rollout/follower/source.js';
import type { Notice } from '../../src/rollout/follower/status.js';
import { Store } from '../../src/rollout/follower/store.js';

export class FakeGuard implements Guard {
  trial: Candidate | undefined;
  /** What is enforced on the host. */
  active: Candidate | undefined;
  acts: (candidate: Candidate) => WouldActOn = () => ({ established: 0, names: [], decisions: 0n });
  refuse: { shadow?: (candidate: Candidate) => Error | undefined; promote?: () => Error | undefined } = {};
  withdrawn = 0;

  async shadow(candidate: Candidate): Promise<void> {
    const error = this.refuse.shadow?.(candidate);
    if (error !== undefined) throw error;
    this.trial = candidate;
  }

  async wouldActOn(): Promise<WouldActOn> {
    if (this.trial === undefined) throw new Error('nothing is on trial');
    return this.acts(this.trial);
  }

  async promote(candidate: Candidate): Promise<void> {
    const error = this.refuse.promote?.();
    if (error !== undefined) throw error;
    if (this.trial?.hash !== candidate.hash) throw new Error('another is on trial');
    this.active = candidate;
    this.trial = undefined;
  }

  async discard(): Promise<void> {
    this.trial = undefined;
  }

  async withdraw(): Promise<void> {
    this.active = undefined;
    this.withdrawn++;
  }
}

export const textOf = (candidate: Candidate | undefined) =>
  candidate?.files
    .map(({ name, bytes }) => `${name}: ${/file\.name == "([^"]*)"/.exec(Buffer.from(bytes).toString())?.[1]}`)
    .join(', ');

export class TestHost {
  readonly directory = mkdtempSync(join(tmpdir(), 'rollout-host-'));
  readonly guard = new FakeGuard();
  notices: Notice[] = [];
  /** Added to the time of the system. */
  later = 0;
  follower!: Follower;
  source!: HttpSource;
  readonly #url: string;
  readonly #pinnedRoot: string;
  readonly #options: Partial<FollowerOptions>;
  readonly #disk: Disk;

  constructor(url: string, pinnedRoot: string, options: Partial<FollowerOptions> = {}, disk: Disk = realDisk) {
    this.#url = url;
    this.#pinnedRoot = pinnedRoot;
    this.#options = options;
    this.#disk = disk;
  }

  /** A host that was given the repository's first root. */
  static async of(url: string, repository: string, options: Partial<FollowerOptions> = {}): Promise<TestHost> {
    const host = new TestHost(url, readFileSync(join(repository, 'metadata', '1.root.json'), 'utf8'), options);
    await host.start();
    return host;
  }

  /** Starts, or starts again: what was enforced comes back from disk alone. */
  async start(): Promise<void> {
    await this.source?.close();
    this.source = new HttpSource({ url: this.#url, userAgent: 'test', headersTime: 500, requestTime: 1_000 });
    const options: FollowerOptions = {
      host: { id: 'this-host', labels: {} },
      pinnedRoot: this.#pinnedRoot,
      interval: 60_000,
      onExpiry: 'keep',
      limit: 100,
      ...this.#options,
    };
    this.follower = new Follower(options, {
      clock: { now: () => Date.now() + this.later, sleep: async () => {} },
      random: () => 0.5,
      store: await Store.open(this.directory, this.#disk),
      source: this.source,
      guard: this.guard,
      notify: (notice) => this.notices.push(notice),
    });
    this.guard.trial = undefined;
    this.guard.active = this.follower.lastKnownGood();
  }

  /** One poll, and one look at what is on trial. */
  async step(): Promise<string> {
    const result = await this.follower.poll();
    await this.follower.watch();
    return result;
  }

  get enforced(): string | undefined {
    return textOf(this.guard.active);
  }

  get states(): string[] {
    return this.follower.status.targets.map(({ policy, release, state }) => `${policy} ${release} ${state}`);
  }

  async remove(): Promise<void> {
    await this.source.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
