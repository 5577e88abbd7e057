/** One session over one kernel: picks the tier, keeps the programs attached, swaps images and reads records. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { header } from '../compiler/image/layout.js';
import { bootTimeNs, Ring, type RingBatch } from './addon.js';
import { countersOf } from './counters.js';
import { SessionError } from './errors.js';
import { copyEntries, countOn } from './growing.js';
import { forgetEstablished, writeEstablished, writeProtectedFiles } from './guards.js';
import { type PinnedSet, pinnedSets } from './pins.js';
import { lockPins, type PinsLock } from './pins-lock.js';
import { capacityFor, largestCapacity, ProgramSet } from './programs.js';
import { recordDecoder } from './record.js';
import { RetiringSets, restOf } from './retiring.js';
import { selfTestExec, selfTestImage } from './self-test.js';
import { generationsOf } from './slots.js';
import { loadBest } from './tier-choice.js';
import type {
  ActivateOptions,
  Activation,
  AncestrySource,
  Executable,
  KernelRecord,
  KernelSession,
  ProgramStatistics,
  ProtectedFile,
  RecordBatch,
  RingName,
  RingStatistics,
  SelfTestResult,
  SessionOptions,
  TakeOver,
  TierChoice,
  Trip,
} from './types.js';

const defaultObject = fileURLToPath(new URL('../../build/bpf/exec.bpf.o', import.meta.url));

/**
 * Loads and attaches the programs of the best tier that this kernel takes, or of the one that is asked for. They decide nothing before
 * an image is active. Throws SessionError `no-tier` with every tier's reason.
 */
export async function openSession(options: SessionOptions): Promise<KernelSession> {
  const lock = options.pins === undefined ? undefined : lockPins(options.pins, options.agentPid);
  try {
    const objectPath = options.objectPath ?? defaultObject;
    const { set, choice } = loadBest({ ...options, objectPath });
    return new Session(set, choice, { ...options, objectPath }, lock);
  } catch (error) {
    lock?.release();
    throw error;
  }
}

class Session implements KernelSession {
  readonly bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  private generation = 0n;
  /** What sets that are gone had counted, less what the self-test did. */
  private counted: Record<string, bigint> = {};
  private active: Uint8Array | undefined;
  /** Of the image in force. */
  private ancestry: AncestrySource | undefined;
  private shadow: { image: Uint8Array; activation: Activation; options: ActivateOptions } | undefined;
  private protectedFiles: readonly ProtectedFile[] = [];
  private canary: { id: bigint; level: number } | undefined;
  private breakerLimit = 0;
  private onBatch: ((batch: RecordBatch) => void) | undefined;
  /** What earlier agents left and this one does not go on with; gone when the first image decides. */
  private leftovers: PinnedSet[] = [];
  /** They decide no more, and their records are not all safe. */
  private readonly retiring = new RetiringSets();
  private testing = false;

  constructor(
    private set: ProgramSet,
    readonly choice: TierChoice,
    private readonly options: SessionOptions & { objectPath: string },
    private readonly lock: PinsLock | undefined,
  ) {
    this.sayCgroups(set);
  }

  takeOver(): TakeOver {
    if (this.options.pins === undefined) return { is: 'nothing', halves: 0 };
    const { sets, halves } = pinnedSets(this.options.pins);
    const [youngest, ...older] = sets;
    if (youngest === undefined) return { is: 'nothing', halves };
    const why = this.unlike(youngest);
    if (why !== undefined) {
      this.leftovers = sets;
      // records of theirs must not be taken for those of images that are numbered from one again
      for (const left of sets) this.countOnFrom(left);
      return { is: 'replacing', halves, why };
    }
    const adopted = ProgramSet.adopt(this.options.objectPath, this.set.tier, youngest, this.options.agentPid);
    this.set.close();
    this.set = adopted;
    this.counted = {};
    this.leftovers = older;
    this.generation = adopted.slots.lastGeneration();
    const inForce = adopted.slots.inForce();
    this.active = inForce?.image;
    const waiting = [...adopted.rings.values()].reduce((sum, ring) => {
      const { produced, consumed } = ring.lag();
      return sum + produced - consumed;
    }, 0n);
    const generation = inForce?.generation;
    return { is: 'adopted', halves, generation, since: this.since(), waiting, counters: this.counters() };
  }

  async activate(image: Uint8Array, options: ActivateOptions = {}): Promise<Activation> {
    const same = this.goingOn(image, options);
    if (same !== undefined) return same;
    return this.activateIn(this.fitting(image.byteLength), image, options);
  }

  async stage(image: Uint8Array, options: ActivateOptions = {}): Promise<Activation> {
    const set = this.fitting(image.byteLength);
    if (set !== this.set) await this.grow(set);
    this.shadow = undefined;
    const activation = await this.set.stage(image, this.nextGeneration(), this.lookingAsked(options.ancestry));
    this.shadow = { image, activation, options };
    return activation;
  }

  async promote(): Promise<Activation> {
    const staged = this.shadow;
    if (!staged) throw new SessionError('no-shadow', 'no policy decides in shadow');
    const { image, activation, options } = staged;
    await this.set.promote(image, options.since);
    sayOnUnseen(this.set, options);
    this.active = image;
    this.ancestry = options.ancestry;
    this.shadow = undefined;
    return activation;
  }

  async discard(): Promise<void> {
    this.set.endTrial();
    this.shadow = undefined;
  }

  async release(): Promise<void> {
    this.set.slots.clear();
    this.set.dropShadow();
    this.active = undefined;
    this.ancestry = undefined;
    this.shadow = undefined;
  }

  async suspend(): Promise<void> {
    await this.release();
    this.set.detach();
  }

  resume(): void {
    this.set.attach();
  }

  setMode(rule: number, mode: 'monitor' | 'enforce'): void {
    this.set.slots.setMode(rule, mode);
  }

  protect(files: readonly ProtectedFile[]): void {
    this.protectedFiles = files;
    writeProtectedFiles(this.set.abi, this.set.map('protected_files'), files);
  }

  limitTo(cgroup: { id: bigint; level: number } | undefined): void {
    this.canary = cgroup;
    this.set.slots.limitTo(cgroup);
  }

  breakAfter(executables: number): void {
    this.breakerLimit = executables;
    this.set.slots.setting('breaker_limit', executables);
  }

  establish(executables: readonly Executable[], named: readonly Executable[] = []): void {
    const { abi } = this.set;
    const map = this.set.map('established');
    writeEstablished(abi, map, executables, bootTimeNs());
    forgetEstablished(abi, map, named);
  }

  trips(): Trip[] {
    const slot = this.set.slots.active;
    return slot === undefined || !this.active ? [] : this.set.guards.trips(slot, rulesOf(this.active));
  }

  async selfTest(): Promise<SelfTestResult> {
    this.testing = true;
    try {
      await this.activate(selfTestImage());
      return await selfTestExec(this.set.tier.stops);
    } finally {
      this.testing = false;
      await this.release();
      await this.stopRings();
      for (const ring of this.set.rings.values()) discard(ring);
      for (const [name, value] of Object.entries(countersOf(this.set))) this.counted[name] = -value;
    }
  }

  start(onBatch: (batch: RecordBatch) => void): void {
    this.onBatch = onBatch;
    this.retiring.deliver(onBatch);
    for (const [name, ring] of this.set.rings) this.listen(this.set, name, ring);
  }

  async drain(): Promise<KernelRecord[]> {
    const decode = recordDecoder(this.set.abi);
    await this.stopRings();
    const retired = this.retiring.rest();
    return [...retired, ...[...this.set.rings.values()].flatMap((ring) => restOf(ring).map(decode))];
  }

  counters(): Record<string, bigint> {
    return Object.fromEntries(
      Object.entries(countersOf(this.set)).map(([name, value]) => [name, value + (this.counted[name] ?? 0n)]),
    );
  }

  programs(): ProgramStatistics[] {
    return this.set.tier.programs.map((name) => {
      const info = this.set.object.programInfo(name);
      return {
        name,
        runTimeNs: info.runTimeNs,
        runCount: info.runCount,
        recursionMisses: info.recursionMisses,
        verifiedInstructions: info.verifiedInstructions,
      };
    });
  }

  rings(): RingStatistics[] {
    return [...this.set.rings].map(([name, ring]) => ({ name, ...ring.lag() }));
  }

  memory(): { name: string; bytes: number }[] {
    return ['images', 'scratches', 'verdicts', 'reports'].map((name) => {
      const map = this.set.map(name);
      return { name, bytes: map.valueSize ? map.valueSize * map.maxEntries : map.maxEntries };
    });
  }

  async leave(): Promise<void> {
    if (!this.set.isPinned) throw new SessionError('pins', 'nothing is pinned that could stay in force');
    await this.stopRings();
    this.retiring.end('left');
    this.set.leave();
    this.set.close();
    this.lock?.release();
  }

  async close(): Promise<void> {
    this.set.detach();
    this.set.slots.clear();
    await this.stopRings();
    this.retiring.end('safe');
    this.set.close();
    this.lock?.release();
  }

  private async stopRings(): Promise<void> {
    await Promise.all([...this.set.rings.values()].map((ring) => ring.stop()));
  }

  /** The set that has room for an image: the one there is, or the same programs with larger slots, not attached. */
  private fitting(bytes: number): ProgramSet {
    if (bytes > largestCapacity)
      throw new SessionError(
        'image-too-large',
        `the policy image has ${bytes} bytes and at most ${largestCapacity} fit; the old policy stays in force`,
      );
    if (bytes <= this.set.capacity) return this.set;
    return ProgramSet.load(this.options.objectPath, this.set.tier, capacityFor(bytes), this.options.agentPid);
  }

  private async activateIn(set: ProgramSet, image: Uint8Array, options: ActivateOptions): Promise<Activation> {
    let activation: Activation;
    try {
      if (set !== this.set) this.bringUp(set);
      // where nothing decides yet, the first decision knows it
      if (set.slots.active === undefined) sayOnUnseen(set, options);
      const source = this.lookingAsked(options.ancestry);
      const { since } = options;
      activation = await set.activate(image, this.nextGeneration(), {
        ...(source && { source }),
        ...(since && { since }),
      });
      // pinned before the old one goes: there is no moment in which a dead agent leaves neither
      if (set !== this.set) this.persist(set);
    } catch (error) {
      if (set !== this.set) set.close();
      else if (set.slots.shadow === undefined) this.shadow = undefined;
      throw error;
    }
    sayOnUnseen(set, options);
    this.active = image;
    this.ancestry = options.ancestry;
    this.shadow = undefined;
    if (set !== this.set) await this.replace(set);
    else this.persist(set);
    this.retireLeftovers();
    return activation;
  }

  /** Used up also by an image that is refused: what processes are to it may be noted already. */
  private nextGeneration(): bigint {
    this.generation += 1n;
    return this.generation;
  }

  /** The exec that nobody knows of may lie in a ring: nobody is woken for one that nothing matches. */
  private lookingAsked(source: AncestrySource | undefined): AncestrySource | undefined {
    if (source === undefined) return undefined;
    return (orphan) => {
      const ancestry = source(orphan);
      if (ancestry === undefined) for (const ring of this.set.rings.values()) ring.look();
      return ancestry;
    };
  }

  /** Why this agent cannot go on with a set; undefined: it can. */
  private unlike({ record: { tier, layout } }: PinnedSet): string | undefined {
    if (tier !== this.choice.tier) return `it works in tier ${tier}, and this agent in ${this.choice.tier}`;
    return layout === this.set.layout ? undefined : 'its maps have another layout than those of this agent';
  }

  /** The image that is in force and that is wanted again. */
  private goingOn(image: Uint8Array, options: ActivateOptions): Activation | undefined {
    if (options.onEqual !== 'keep') return undefined;
    const slot = this.set.slots.active;
    const inForce = this.set.slots.inForce();
    if (slot === undefined || inForce === undefined || Buffer.compare(inForce.image, image) !== 0) return undefined;
    sayOnUnseen(this.set, options);
    this.ancestry = options.ancestry;
    this.persist(this.set);
    this.retireLeftovers();
    const { generation } = inForce;
    return { generation, slot, milliseconds: 0, imageBytes: image.byteLength, orphans: 0, since: this.since() };
  }

  /** By rule of the image in force. */
  private since(): bigint[] {
    const slot = this.set.slots.active;
    return slot === undefined || !this.active ? [] : this.set.guards.since(slot, rulesOf(this.active));
  }

  private countOnFrom(left: PinnedSet): void {
    if (left.record.layout !== this.set.layout) return;
    const state = left.map('state');
    const bytes = state.lookup(new Uint8Array(4));
    state.close();
    const sequence = left.map('sequence');
    countOn(sequence, this.set.map('sequence'));
    sequence.close();
    if (bytes)
      for (const used of generationsOf(this.set.abi, bytes)) if (used > this.generation) this.generation = used;
  }

  /** What decides now outlives this agent. */
  private persist(set: ProgramSet): void {
    if (this.options.pins !== undefined && !this.testing && !set.isPinned) set.pin(this.options.pins);
  }

  /** The image in force takes the place of what earlier agents left, whose last records are delivered. */
  private retireLeftovers(): void {
    if (this.testing) return;
    for (const left of this.leftovers.splice(0)) {
      left.detachAll();
      if (left.record.layout !== this.set.layout) {
        left.remove();
        continue;
      }
      const rings = new Map(
        (['verdicts', 'reports'] as const).map((name) => {
          const map = left.map(name);
          const ring = Ring.open(map);
          map.close();
          return [name, ring] as const;
        }),
      );
      const end = (how: 'safe' | 'left') => {
        for (const ring of rings.values()) ring.close();
        if (how === 'safe') left.remove();
      };
      this.retiring.add({ rings, decode: recordDecoder(this.set.abi), end });
    }
  }

  /** Larger slots. The image in force, if there is one, goes on in them as it is. */
  private async grow(set: ProgramSet): Promise<void> {
    try {
      this.bringUp(set);
      await set.goOnFrom(this.set, this.lookingAsked(this.ancestry));
      if (set.slots.active !== undefined) this.persist(set);
    } catch (error) {
      set.close();
      throw error;
    }
    this.shadow = undefined;
    await this.replace(set);
  }

  /** Attached, told all that the set was told whose place it will take, and without an image. */
  private bringUp(set: ProgramSet): void {
    this.configure(set);
    set.attach();
    countOn(this.set.map('sequence'), set.map('sequence'));
  }

  private sayCgroups(set: ProgramSet): void {
    set.slots.setting('cgroups_unknown', this.options.cgroups === 'unknown' ? 1 : 0);
  }

  /** What was told to the set that goes is told to the one that comes. */
  private configure(set: ProgramSet): void {
    this.sayCgroups(set);
    set.slots.limitTo(this.canary);
    set.slots.setting('breaker_limit', this.breakerLimit);
    writeProtectedFiles(set.abi, set.map('protected_files'), this.protectedFiles);
    copyEntries('established', this.set, set);
  }

  /** The new set decides already; the old one goes when what it still holds is safe. */
  private async replace(grown: ProgramSet): Promise<void> {
    const old = this.set;
    this.set = grown;
    old.detach();
    old.slots.clear();
    for (const ring of old.rings.values()) await ring.stop();
    for (const [name, value] of Object.entries(countersOf(old)))
      this.counted[name] = (this.counted[name] ?? 0n) + value;
    const end = (how: 'safe' | 'left') => {
      if (how === 'left' && old.isPinned) old.leave();
      old.close();
    };
    this.retiring.add({ rings: old.rings, decode: recordDecoder(old.abi), end });
    if (this.onBatch) for (const [name, ring] of grown.rings) this.listen(grown, name, ring);
  }

  private listen(set: ProgramSet, name: RingName, ring: Ring): void {
    const decode = recordDecoder(set.abi);
    const acknowledge = (batch: RingBatch) => {
      ring.acknowledge(batch);
      this.retiring.endWhenSafe();
    };
    ring.start((batch) => {
      this.onBatch?.({ ring: name, records: [...batch].map(decode), acknowledge: () => acknowledge(batch) });
    });
  }
}

function sayOnUnseen(set: ProgramSet, { onUnseen }: ActivateOptions): void {
  set.slots.setting('on_unseen', onUnseen === 'enforce' ? 1 : 0);
}

function rulesOf(image: Uint8Array): number {
  return new DataView(image.buffer, image.byteOffset).getUint32(header.rules + 4, true);
}

/** What nobody has read goes. Its consumer is stopped. */
function discard(ring: Ring): void {
  for (let batch = ring.drain(); batch; batch = ring.drain()) ring.acknowledge(batch);
}
