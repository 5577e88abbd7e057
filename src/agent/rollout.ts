/** Distributed policies in the agent: what is known before there is a network, and the follower that goes on from there. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PolicyFile } from '../policy/index.js';
import { whyUnreadable } from '../policy/why-unreadable.js';
import type { Clock, Follower } from '../rollout/follower/follower.js';
import type { Candidate, Guard, WouldActOn } from '../rollout/follower/guard.js';
import type { HttpSource } from '../rollout/follower/source.js';
import type { FollowerStatus, Notice } from '../rollout/follower/status.js';
import type { Config } from './config.js';
import { RolloutGuard, type RolloutGuardParts } from './rollout-guard.js';

export type RolloutConfig = NonNullable<Config['rollout']>;

export interface RolloutWorld {
  readonly version: string;
  notify(notice: Notice): void;
}

/** `rollout.url` and the like cannot be used as they are written. */
export class RolloutSetupError extends Error {
  override readonly name = 'RolloutSetupError';
  readonly code = 'rollout-setup';
}

export class Rollout {
  readonly #follower: Follower;
  readonly #source: HttpSource;
  readonly #guard: LateGuard;
  readonly #lastKnownGood: Candidate | undefined;
  #running: Promise<void> | undefined;

  private constructor(follower: Follower, source: HttpSource, guard: LateGuard) {
    this.#follower = follower;
    this.#source = source;
    this.#guard = guard;
    this.#lastKnownGood = follower.lastKnownGood();
  }

  /** Rejects with a sentence when what is configured cannot be used. */
  static async open(config: RolloutConfig & { url: string }, world: RolloutWorld): Promise<Rollout> {
    const { url, root, directory, interval, expiry, limit, labels, proxy } = config;
    const pinnedRoot = await read(root, 'root');
    const id = config.host ?? (await read('/etc/machine-id', 'host')).trim();
    const ca = config.ca === undefined ? undefined : await read(config.ca, 'ca');
    const { Follower, HttpSource, Store } = await loadFollower();
    const store = await Store.open(directory);
    const source = new HttpSource({ url, proxy, ca, userAgent: `portcullis/${world.version}` });
    const guard = new LateGuard();
    const follower = new Follower(
      { host: { id, labels }, pinnedRoot, interval, onExpiry: expiry, limit },
      { clock, random: Math.random, store, source, guard, notify: (notice) => world.notify(notice) },
    );
    return new Rollout(follower, source, guard);
  }

  get status(): FollowerStatus {
    return this.#follower.status;
  }

  /** What is in force from the repository; at the start, what was in force last. */
  get files(): readonly PolicyFile[] | undefined {
    if (this.#guard.real !== undefined) return this.#guard.real.files;
    return this.#lastKnownGood?.files.map(({ name, bytes }) => ({ file: `rollout/${name}`, text: bytes }));
  }

  /** Follows the repository from now on. `began`: whether the agent began with what was in force last. */
  run(parts: RolloutGuardParts, began: 'with-last-known-good' | 'without'): void {
    if (began === 'without') this.#follower.forgetLastKnownGood();
    this.#guard.real = new RolloutGuard(parts, began === 'without' ? undefined : this.#lastKnownGood);
    this.#running = this.#follower.run();
  }

  /** Leaves what is in force as it is, and waits for nothing. */
  end(): void {
    this.#guard.real?.end();
    this.#follower.stop();
    void Promise.resolve(this.#running).then(() => this.#source.close());
  }
}

/** Loaded where a repository is configured: TUF and its HTTP client are some 10 MB that other agents need not carry. */
async function loadFollower() {
  const [{ Follower }, { HttpSource }, { Store }] = await Promise.all([
    import('../rollout/follower/follower.js'),
    import('../rollout/follower/source.js'),
    import('../rollout/follower/store.js'),
  ]);
  return { Follower, HttpSource, Store };
}

/** The follower is there before there is a kernel to try anything in. */
class LateGuard implements Guard {
  real: RolloutGuard | undefined;

  shadow(candidate: Candidate): Promise<void> {
    return this.#there().shadow(candidate);
  }

  async wouldActOn(): Promise<WouldActOn> {
    return this.#there().wouldActOn();
  }

  promote(candidate: Candidate): Promise<void> {
    return this.#there().promote(candidate);
  }

  async discard(): Promise<void> {
    await this.real?.discard();
  }

  withdraw(): Promise<void> {
    return this.#there().withdraw();
  }

  #there(): RolloutGuard {
    if (this.real === undefined) throw new RolloutSetupError('The agent has not started yet.');
    return this.real;
  }
}

const clock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    await sleep(milliseconds, undefined, { signal }).catch(() => {});
  },
};

async function read(path: string, key: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new RolloutSetupError(`Cannot read ${path} (rollout.${key}): ${whyUnreadable(error)}.`);
  }
}
