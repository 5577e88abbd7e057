/**
 * Brings what the repository selects for this host into force, through a trial: nothing acts before the guard has seen for
 * the bake time what it would act on. What is refused stays out, and what was in force before stays in.
 */
import { GuardRefusal } from '../errors.js';
import { limits } from '../limits.js';
import { bakeOf, type Release, targetName } from '../release.js';
import { byPolicy, type Host, stageOf } from '../selection.js';
import type { Candidate, Guard } from './guard.js';
import { candidateOf, type PolicySet, policySet } from './policy-set.js';
import type { ApplyState, Notice, TargetStatus } from './status.js';
import type { Store } from './store.js';

export interface ApplierOptions {
  readonly host: Host;
  /** Established executables a release may act on, at most, whatever it says of itself. */
  readonly limit: number;
}

export interface ApplierWorld {
  readonly clock: { now(): number };
  readonly store: Store;
  readonly guard: Guard;
  notify(notice: Notice): void;
}

interface Trial {
  readonly set: PolicySet;
  /** What is new in it. */
  readonly changes: readonly Release[];
  /** Milliseconds since the epoch, and milliseconds. */
  readonly since: number;
  readonly bake: number;
  readonly limit: number;
}

export class Applier {
  readonly #options: ApplierOptions;
  readonly #world: ApplierWorld;
  #wanted: PolicySet | undefined;
  #active: PolicySet | undefined;
  #trial: Trial | undefined;
  /** In force, and not yet on disk. */
  #unstored: PolicySet | undefined;
  #refused: ReadonlyMap<string, { code: string; reason: string; at: number }>;
  readonly #errors = new Map<string, { code: string; reason: string }>();
  /** Hashes of wanted sets that were refused whole: their changes are tried one after another. */
  readonly #oneByOne = new Set<string>();
  readonly #since = new Map<string, { state: ApplyState; since: number }>();
  #toldNone = false;
  #withdrawn = false;

  constructor(options: ApplierOptions, world: ApplierWorld) {
    this.#options = options;
    this.#world = world;
    this.#refused = world.store.refused;
  }

  /** What is in force from the repository. */
  get active(): PolicySet | undefined {
    return this.#active;
  }

  /** Names of the targets that are in force, or were before a restart. */
  get enforced(): ReadonlySet<string> {
    return new Set((this.#active ?? this.#world.store.active)?.releases.map(targetName));
  }

  /** Milliseconds until `watch` should look again; undefined when nothing is on trial. */
  get nextLook(): number | undefined {
    if (this.#trial === undefined) return undefined;
    const left = this.#trial.since + this.#trial.bake - this.#world.clock.now();
    return Math.max(0, Math.min(limits.watch.value, left));
  }

  /** The contents with this SHA-256, if they are here. */
  contents(sha256: string): Uint8Array | undefined {
    const sets = [this.#active, this.#trial?.set, this.#wanted, this.#world.store.active];
    return sets.map((set) => set?.contents.get(sha256)).find((bytes) => bytes !== undefined);
  }

  /** What was in force last; from now on it counts as being in force. */
  resume(): Candidate | undefined {
    this.#active = this.#world.store.active;
    return this.#active && candidateOf(this.#active);
  }

  /** What was in force last could not be put into force again. */
  forget(): void {
    this.#active = undefined;
  }

  /** Says what the repository selects for this host, out of `all`; `reconcile` then does something about it. */
  want(selected: PolicySet, all: readonly Release[]): void {
    this.#wanted = selected;
    const known = new Set(all.map(targetName));
    this.#refused = new Map([...this.#refused].filter(([name]) => known.has(name)));
    this.#errors.clear();
    this.#oneByOne.clear();
  }

  /** Starts what leads from what is in force to what is wanted. Never rejects. */
  async reconcile(): Promise<void> {
    await this.#storeAgain();
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    if (wanted.releases.length === 0) return this.#noneSelected();
    this.#toldNone = false;
    const desired = this.#desired(wanted);
    if (desired.releases.length === 0) return;
    if (desired.hash === this.#active?.hash) {
      await this.#discard();
      if (!sameReleases(desired, this.#active)) await this.#record(desired);
      return;
    }
    const next = this.#oneByOne.has(desired.hash) ? this.#oneChange(desired) : desired;
    if (next.hash === this.#trial?.set.hash) return;
    await this.#discard();
    await this.#try(next);
  }

  /** Looks at what is on trial. Never rejects. */
  async watch(): Promise<void> {
    const trial = this.#trial;
    if (trial === undefined) return;
    try {
      const { established, names, decisions } = await this.#world.guard.wouldActOn();
      if (established > trial.limit) {
        const shown = names.slice(0, limits.establishedNames.value).join(', ');
        const reason = `It would act on ${established} executables established on this host (${shown}); ${trial.limit} are allowed.`;
        return await this.#refuse(trial.set, trial.changes, {
          code: 'acts-on-established',
          reason,
          established,
          names,
        });
      }
      if (this.#world.clock.now() - trial.since < trial.bake) return;
      await this.#world.guard.promote(candidateOf(trial.set));
      this.#trial = undefined;
      this.#withdrawn = false;
      await this.#record(trial.set);
      const text = `${listOf(trial.set.releases)} in force, after ${trial.bake / 1000} seconds on trial.`;
      const fields = { hash: trial.set.hash, version: trial.set.version, changes: trial.changes.map(nameOf) };
      this.#notify('info', 'rollout-active', text, { ...fields, decisions: Number(decisions) });
    } catch (error) {
      return this.#failed(trial.set, trial.changes, error);
    }
    await this.reconcile();
  }

  /** Takes what was distributed out of force. Never rejects. */
  async withdraw(): Promise<void> {
    if (this.#withdrawn) return;
    await this.#discard();
    try {
      await this.#world.guard.withdraw();
      this.#active = undefined;
      this.#withdrawn = true;
    } catch (error) {
      this.#notify('error', 'rollout-error', `It could not be taken out of force: ${messageOf(error)}`);
    }
  }

  /** Ends a trial; what is in force stays. Never rejects. */
  end(): Promise<void> {
    return this.#discard();
  }

  /** Where each release stands that is selected for this host, or in force on it. */
  targets(): TargetStatus[] {
    const releases = new Map<string, Release>();
    for (const set of [this.#active, this.#wanted]) {
      for (const release of set?.releases ?? []) releases.set(targetName(release), release);
    }
    return [...releases].map(([name, release]) => {
      const { state, why } = this.#stateOf(name);
      const { policy, release: number } = release;
      const stage = stageOf(this.#options.host, release);
      return { policy, release: number, stage, state, since: this.#sinceOf(name, state), ...why };
    });
  }

  #stateOf(name: string): { state: ApplyState; why?: { code: string; reason: string } } {
    const isIn = (releases: readonly Release[] | undefined) => releases?.some((other) => targetName(other) === name);
    if (isIn(this.#active?.releases)) return { state: 'active' };
    const refusal = this.#refused.get(name);
    if (refusal !== undefined) return { state: 'refused', why: { code: refusal.code, reason: refusal.reason } };
    const error = this.#errors.get(name);
    if (error !== undefined) return { state: 'error', why: error };
    return { state: isIn(this.#trial?.changes) ? 'shadow' : 'pending' };
  }

  #sinceOf(name: string, state: ApplyState): number {
    const known = this.#since.get(name);
    if (known?.state === state) return known.since;
    const since = this.#world.clock.now();
    this.#since.set(name, { state, since });
    return since;
  }

  /** What is wanted, with what is in force in place of what this host refused. */
  #desired(wanted: PolicySet): PolicySet {
    const releases = wanted.releases
      .map((release) =>
        this.#refused.has(targetName(release))
          ? this.#active?.releases.find(({ policy }) => policy === release.policy)
          : release,
      )
      .filter((release) => release !== undefined);
    return policySet(releases, new Map([...(this.#active?.contents ?? []), ...wanted.contents]), wanted.version);
  }

  /** What is in force with the first change towards what is desired. */
  #oneChange(desired: PolicySet): PolicySet {
    const before = this.#active?.releases ?? [];
    const change = changesIn(desired, this.#active)[0];
    if (change === undefined) return desired;
    const releases = [...before.filter(({ policy }) => policy !== change.policy), change].sort(byPolicy);
    return policySet(releases, new Map([...(this.#active?.contents ?? []), ...desired.contents]), desired.version);
  }

  async #try(set: PolicySet): Promise<void> {
    const changes = changesIn(set, this.#active);
    try {
      await this.#world.store.keep(set);
      await this.#world.guard.shadow(candidateOf(set));
    } catch (error) {
      return this.#failed(set, changes, error);
    }
    const bake = Math.max(0, ...changes.map(bakeOf)) * 1000;
    const limit = Math.min(this.#options.limit, ...changes.map((change) => change.limit));
    this.#trial = { set, changes, since: this.#world.clock.now(), bake, limit };
    const what = changes.length === 0 ? 'What is left without the removed policies is' : listOf(changes);
    const text = `${what} on trial for ${bake / 1000} seconds; nothing is enforced of it yet.`;
    this.#notify('info', 'rollout-shadow', text, {
      hash: set.hash,
      version: set.version,
      changes: changes.map(nameOf),
      limit,
    });
  }

  /** A refusal is for good; anything else is tried again at the next poll. */
  async #failed(set: PolicySet, changes: readonly Release[], error: unknown): Promise<void> {
    if (error instanceof GuardRefusal) {
      return this.#refuse(set, changes, { code: error.code, reason: error.message });
    }
    await this.#discard();
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected';
    const reason = messageOf(error);
    for (const change of changes) this.#errors.set(targetName(change), { code, reason });
    const text = `${listOf(changes)} not in force yet: ${reason} It is tried again at the next poll.`;
    this.#notify('error', code.startsWith('store') ? 'rollout-store' : 'rollout-error', text, { reason: code });
  }

  async #refuse(
    set: PolicySet,
    changes: readonly Release[],
    { code, reason, ...facts }: { code: string; reason: string } & Record<string, unknown>,
  ): Promise<void> {
    await this.#discard();
    const fields = { ...facts, reason: code, hash: set.hash, changes: changes.map(nameOf) };
    const desired = this.#wanted && this.#desired(this.#wanted);
    if (changes.length > 1 && desired !== undefined && !this.#oneByOne.has(desired.hash)) {
      this.#oneByOne.add(desired.hash);
      this.#notify(
        'warn',
        'rollout-refused',
        `${listOf(changes)} refused together: ${reason} Each is tried alone.`,
        fields,
      );
      return this.reconcile();
    }
    const refused = new Map(this.#refused);
    for (const change of changes) refused.set(targetName(change), { code, reason, at: this.#world.clock.now() });
    this.#refused = refused;
    // With one refused the rest is another set; what is left of it is still tried one by one.
    if (desired !== undefined && this.#oneByOne.has(desired.hash))
      this.#oneByOne.add(this.#desired(this.#wanted!).hash);
    this.#notify('error', 'rollout-refused', `${listOf(changes)} refused. What was in force stays. ${reason}`, fields);
    try {
      await this.#world.store.saveRefused(refused);
    } catch (error) {
      this.#notify('error', 'rollout-store', messageOf(error));
    }
    // Without a change that could be refused there is nothing else to try.
    if (changes.length > 0) await this.reconcile();
  }

  /** Says what is in force, here and on disk. */
  async #record(set: PolicySet): Promise<void> {
    this.#active = set;
    this.#unstored = set;
    await this.#storeAgain();
  }

  async #storeAgain(): Promise<void> {
    if (this.#unstored === undefined) return;
    try {
      await this.#world.store.keep(this.#unstored);
      await this.#world.store.activate(this.#unstored);
      this.#unstored = undefined;
    } catch (error) {
      const text = `${messageOf(error)} A restart would bring back the policies of before; it is tried again at the next poll.`;
      this.#notify('error', 'rollout-store', text);
    }
  }

  async #noneSelected(): Promise<void> {
    await this.#discard();
    if (this.#toldNone) return;
    this.#toldNone = true;
    const text = 'The repository has no policy for the labels of this host. What is in force stays.';
    this.#notify('warn', 'rollout-none-selected', text, { labels: this.#options.host.labels });
  }

  /** Also without a trial: one whose start failed may have left something. */
  async #discard(): Promise<void> {
    this.#trial = undefined;
    try {
      await this.#world.guard.discard();
    } catch (error) {
      this.#notify('error', 'rollout-error', `The trial could not be ended: ${messageOf(error)}`);
    }
  }

  #notify(level: Notice['level'], code: Notice['code'], text: string, fields: Notice['fields'] = {}): void {
    this.#world.notify({ level, code, text, fields });
  }
}

/** Releases of the set whose contents are not in force under their policy's name. */
function changesIn(set: PolicySet, active: PolicySet | undefined): Release[] {
  const before = new Map(active?.releases.map(({ policy, sha256 }) => [policy, sha256]));
  return set.releases.filter(({ policy, sha256 }) => before.get(policy) !== sha256);
}

function sameReleases(a: PolicySet, b: PolicySet): boolean {
  return a.releases.map(targetName).join() === b.releases.map(targetName).join();
}

function nameOf({ policy, release }: Release): string {
  return `${policy} ${release}`;
}

function listOf(releases: readonly Release[]): string {
  return `${releases.map(nameOf).join(', ')} ${releases.length === 1 ? 'is' : 'are'}`;
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.endsWith('.') ? message : `${message}.`;
}
