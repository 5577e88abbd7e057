/**
 * Follows a repository: polls, verifies, keeps, and has the agent try what is selected for this host before it is put into
 * force. Whatever goes wrong, what is in force stays. The steps are `poll` and `watch`; `run` takes them when they are due.
 */
import { createHash } from 'node:crypto';
import { FetchError, PinnedRootError, StoreError, TrustError } from '../errors.js';
import { limits } from '../limits.js';
import type { Release } from '../release.js';
import { type Host, select } from '../selection.js';
import { Applier } from './applier.js';
import type { Candidate, Guard } from './guard.js';
import { type PolicySet, policySet } from './policy-set.js';
import { failureDelay, firstDelay, nextDelay } from './schedule.js';
import type { HttpSource } from './source.js';
import type { FollowerStatus, Notice, Problem } from './status.js';
import type { Store, Trusted } from './store.js';
import { expiriesOf, type RoleName, readVerified, refresh, type Verified } from './trust.js';

export interface FollowerOptions {
  readonly host: Host;
  /** The text of the root that the host was given by hand. */
  readonly pinnedRoot: string;
  /** Milliseconds between polls. */
  readonly interval: number;
  /** What is done when signatures have expired and nobody renews them. */
  readonly onExpiry: 'keep' | 'stop';
  /** Established executables a release may act on, at most, whatever it says of itself. */
  readonly limit: number;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves early when the signal aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export interface FollowerWorld {
  readonly clock: Clock;
  /** 0 to below 1. */
  random(): number;
  readonly store: Store;
  readonly source: Pick<HttpSource, 'get' | 'url' | 'received'>;
  readonly guard: Guard;
  notify(notice: Notice): void;
}

const timestampPath = 'metadata/timestamp.json';

export type PollResult = 'unchanged' | 'updated' | 'failed';

export class Follower {
  readonly #options: FollowerOptions;
  readonly #world: FollowerWorld;
  readonly #applier: Applier;
  readonly #polls = { unchanged: 0, updated: 0, failed: 0 };
  readonly #problems: Record<string, number> = {};
  readonly #stop = new AbortController();
  #trusted: Trusted;
  #verified: Verified | undefined;
  /** Everything that the trusted timestamp leads to was fetched since the start. */
  #complete = false;
  /** Of timestamp.json, while that is so. */
  #etag: string | undefined;
  #problem: Problem | undefined;
  #failures = 0;
  #lastPoll: number | undefined;
  #lastSuccess: number | undefined;
  #nextPoll: number | undefined;
  #expired: { role: RoleName; since: number; told: number } | undefined;

  /** Throws PinnedRootError. */
  constructor(options: FollowerOptions, world: FollowerWorld) {
    this.#options = options;
    this.#world = world;
    this.#trusted = trustedAtStart(options.pinnedRoot, world.store.trusted);
    this.#verified = verifiedAtStart(this.#trusted);
    this.#applier = new Applier(options, world);
    for (const text of world.store.damage) this.#notify('error', 'rollout-store', text);
  }

  /**
   * What was in force last, for the agent to load before there is a network. Undefined when there is nothing, or its
   * signatures have expired and that is to stop it.
   */
  lastKnownGood(): Candidate | undefined {
    this.#checkExpiry();
    if (this.#expired !== undefined && this.#options.onExpiry === 'stop') return undefined;
    return this.#applier.resume();
  }

  /** The agent could not put the last known good into force. */
  forgetLastKnownGood(): void {
    this.#applier.forget();
  }

  get status(): FollowerStatus {
    const { active } = this.#applier;
    return {
      url: this.#world.source.url,
      targets: this.#applier.targets(),
      ...(active && { active: { hash: active.hash, version: active.version } }),
      polls: { ...this.#polls },
      problems: { ...this.#problems },
      ...(this.#problem && { problem: this.#problem }),
      received: this.#world.source.received,
      ...(this.#lastPoll !== undefined && { lastPoll: this.#lastPoll }),
      ...(this.#lastSuccess !== undefined && { lastSuccess: this.#lastSuccess }),
      ...(this.#nextPoll !== undefined && { nextPoll: this.#nextPoll }),
      ...(this.#verified && { versions: this.#verified.versions }),
      expires: expiriesOf(this.#trusted.files),
      ...(this.#expired && { expired: { role: this.#expired.role, since: this.#expired.since } }),
    };
  }

  /** Polls and watches until `stop`. Never rejects. */
  async run(): Promise<void> {
    const { clock, random } = this.#world;
    const { interval } = this.#options;
    const { signal } = this.#stop;
    let next = clock.now() + firstDelay(interval, random);
    while (!signal.aborted) {
      this.#nextPoll = next;
      const pollIn = Math.max(0, next - clock.now());
      await clock.sleep(Math.min(this.#applier.nextLook ?? pollIn, pollIn), signal);
      if (signal.aborted) break;
      if (clock.now() >= next) next = clock.now() + this.#delayAfter(await this.#pollOnce());
      await this.watch();
    }
    await this.#applier.end();
  }

  /** Makes `run` return soon; what is in force stays. */
  stop(): void {
    this.#stop.abort();
  }

  /** Asks the repository once. Never rejects. */
  async poll(): Promise<PollResult> {
    return (await this.#pollOnce()).result;
  }

  /** Looks at what is on trial: refuses it, promotes it, or waits on. Never rejects. */
  watch(): Promise<void> {
    return this.#expired !== undefined && this.#options.onExpiry === 'stop' ? Promise.resolve() : this.#applier.watch();
  }

  async #pollOnce(): Promise<{ result: PollResult; retryAfter?: number | undefined }> {
    this.#lastPoll = this.#world.clock.now();
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(limits.updateTime.value)]);
    try {
      const result = await this.#update(signal);
      this.#polls[result]++;
      this.#succeeded();
      await this.#afterPoll();
      return { result };
    } catch (error) {
      this.#polls.failed++;
      this.#failed(error);
      await this.#afterPoll();
      return { result: 'failed', retryAfter: error instanceof FetchError ? error.retryAfter : undefined };
    }
  }

  async #update(signal: AbortSignal): Promise<Exclude<PollResult, 'failed'>> {
    const { source, store } = this.#world;
    const { files } = this.#trusted;
    const limit = limits.timestampBytes.value;
    const answer = await source.get(timestampPath, { limit, etag: this.#etag, signal });
    if (answer.outcome === 'unchanged') return 'unchanged';
    if (this.#complete && answer.bytes.toString() === files.timestamp) return 'unchanged';
    this.#complete = false;
    this.#etag = undefined;

    const get = async (path: string, most: number) => {
      // It was just fetched; what it leads to stays where it is when a newer one comes meanwhile.
      if (path === timestampPath) return answer.bytes;
      const file = await source.get(path, { limit: most, signal });
      if (file.outcome === 'file') return file.bytes;
      throw new FetchError('http-status', `${source.url}/${path} answers 304 to a request without a condition.`);
    };
    const result = await refresh(files, get);
    // What was verified on the way protects against a rollback even when the rest failed.
    if (JSON.stringify(result.files) !== JSON.stringify(files)) {
      this.#trusted = { pinned: this.#trusted.pinned, files: result.files };
      await store.saveTrusted(this.#trusted);
    }
    if (result.outcome === 'failed') throw result.error;
    this.#verified = result.verified;
    const selected = await this.#fetchSelected(result.verified, get);
    this.#applier.want(selected, result.verified.releases);
    // From here on the timestamp stands for everything it leads to.
    this.#complete = true;
    this.#etag = answer.etag;
    const { versions, releases } = result.verified;
    this.#notify('info', 'rollout-updated', `The repository is at version ${versions.targets}.`, {
      versions,
      releases: releases.length,
      selected: selected.releases.map(({ policy, release }) => `${policy} ${release}`),
    });
    return 'updated';
  }

  /** Fetches what is selected for this host and not here yet. */
  async #fetchSelected(
    { releases, versions }: Verified,
    get: (path: string, limit: number) => Promise<Buffer>,
  ): Promise<PolicySet> {
    const selected = select(releases, this.#options.host, this.#applier.enforced);
    const size = selected.reduce((sum, { length }) => sum + length, 0);
    if (size > limits.setBytes.value) {
      throw new TrustError(
        'too-large',
        `The policies for this host have ${size} bytes; ${limits.setBytes.value} are allowed.`,
      );
    }
    const contents = new Map<string, Uint8Array>();
    for (const release of selected) {
      const here = this.#applier.contents(release.sha256);
      contents.set(release.sha256, here ?? (await fetchRelease(release, get)));
    }
    return policySet(selected, contents, versions.targets);
  }

  async #afterPoll(): Promise<void> {
    this.#checkExpiry();
    if (this.#expired !== undefined && this.#options.onExpiry === 'stop') await this.#applier.withdraw();
    else await this.#applier.reconcile();
  }

  #succeeded(): void {
    this.#lastSuccess = this.#world.clock.now();
    if (this.#failures > 0) this.#notify('info', 'rollout-recovered', `The repository answers again.`);
    this.#failures = 0;
    this.#problem = undefined;
  }

  #failed(error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected';
    const text = error instanceof Error ? error.message : String(error);
    this.#failures++;
    this.#problems[code] = (this.#problems[code] ?? 0) + 1;
    if (this.#problem?.code !== code) this.#problem = { code, text, since: this.#world.clock.now() };
    if (this.#stop.signal.aborted) return;
    const what =
      error instanceof TrustError
        ? 'rollout-untrusted'
        : error instanceof StoreError
          ? 'rollout-store'
          : 'rollout-poll-failed';
    const level = error instanceof FetchError && error.code !== 'redirect' ? 'warn' : 'error';
    this.#notify(level, what, `What is in force stays. ${text}`, { reason: code, failures: this.#failures });
  }

  #delayAfter({ result, retryAfter }: { result: PollResult; retryAfter?: number | undefined }): number {
    const { interval } = this.#options;
    const { random } = this.#world;
    if (result !== 'failed') return nextDelay(interval, random);
    return failureDelay(interval, { failures: this.#failures, retryAfter }, random);
  }

  #checkExpiry(): void {
    const now = this.#world.clock.now();
    const ended = Object.entries(expiriesOf(this.#trusted.files)).filter(([, at]) => at <= now);
    const first = ended.sort(([, a], [, b]) => a - b)[0] as [RoleName, number] | undefined;
    if (first === undefined) {
      this.#expired = undefined;
      return;
    }
    const told = this.#expired?.told;
    this.#expired = { role: first[0], since: first[1], told: told ?? now };
    if (told !== undefined && now - told < limits.remindExpiry.value) return;
    this.#expired.told = now;
    const since = new Date(first[1]).toISOString();
    const stays = this.#options.onExpiry === 'keep' ? 'What is in force stays.' : 'Nothing of it is in force any more.';
    this.#notify('error', 'rollout-expired', `The signature of ${first[0]} has ended at ${since}. ${stays}`, {
      role: first[0],
      since,
      onExpiry: this.#options.onExpiry,
    });
  }

  #notify(level: Notice['level'], code: Notice['code'], text: string, fields: Notice['fields'] = {}): void {
    this.#world.notify({ level, code, text, fields });
  }
}

async function fetchRelease(release: Release, get: (path: string, limit: number) => Promise<Buffer>): Promise<Buffer> {
  const { policy, release: number, sha256, length } = release;
  const bytes = await get(`targets/${sha256}.${policy}-${number}.policy`, length);
  if (bytes.length === length && digest(bytes) === sha256) return bytes;
  throw new TrustError('mismatch', `The file of ${policy} ${number} is not what was signed.`);
}

/** What was trusted last, unless the host was given another root since. Throws PinnedRootError. */
function trustedAtStart(pinnedRoot: string, stored: Trusted | undefined): Trusted {
  const pinned = digest(Buffer.from(pinnedRoot));
  const version = rootVersion(pinnedRoot);
  if (stored !== undefined && stored.pinned === pinned && rootVersion(stored.files.root) >= version) return stored;
  return { pinned, files: { root: pinnedRoot } };
}

function rootVersion(text: string): number {
  try {
    const { _type, version } = JSON.parse(text).signed;
    if (_type === 'root' && Number.isInteger(version)) return version;
  } catch {
    // Told below.
  }
  throw new PinnedRootError('The pinned root is no root metadata; take N.root.json of the repository.');
}

function verifiedAtStart({ files }: Trusted): Verified | undefined {
  try {
    return files.targets === undefined ? undefined : readVerified(files);
  } catch {
    return undefined;
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
