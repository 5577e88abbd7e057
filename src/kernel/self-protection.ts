/**
 * The programs that keep others, root included, from ending, tracing and unpinning the agent (bpf/self.bpf.c). Opened before anything else is
 * loaded, they learn which maps and programs are the agent's; armed, they refuse. Pinned beside the other pins, they outlive the agent, and
 * then only the agent that pid 1 starts next gets in.
 */
import { createHash } from 'node:crypto';
import { existsSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BpfMap, BpfObject, type Link, Ring } from './addon.js';
import { sumOfCpus } from './counters.js';
import { SessionError } from './errors.js';
import { PinnedSet, pinnedSets } from './pins.js';
import { hookNames, type SelfPlaces, SelfState, type Tamper, tamperDecoder } from './self-protection-state.js';
import { tiers } from './tiers.js';

/** Always there: they learn what is ours. */
const learners = ['guard_map', 'guard_program'] as const;
/** There while armed. */
const guards = [
  'guard_kill',
  'guard_sigio',
  'guard_ptrace',
  'guard_traceme',
  'guard_rlimit',
  'guard_scheduler',
  'guard_nice',
  'guard_unlink',
  'guard_rmdir',
  'guard_rename',
  'guard_mkdir',
  'guard_symlink',
  'guard_umount',
  'guard_mount',
  'guard_move',
  'guard_cgroup',
  'follow_cgroup',
  'note_birth',
  'know_successor',
] as const;
const maps = ['self_state', 'self_objects', 'tampers', 'tamper_counts', 'born_of_init'] as const;
const kinds = { map: 0, program: 1 } as const; // enum ps_kind

const defaultObject = fileURLToPath(new URL('../../build/bpf/self.bpf.o', import.meta.url));

export interface SelfProtectionOptions {
  agentPid: number;
  /** The agent's directory of pins; absent: protection ends with the agent. */
  pins?: string;
  objectPath?: string;
}

export interface SelfProtection {
  /** Whether it goes on with what an earlier agent left. */
  readonly adopted: boolean;
  /** Whether anything is refused. */
  readonly isArmed: boolean;
  /** Refuses from now on, or goes on with these. `outlives`: also when the agent is gone. Throws KernelError. */
  arm(places: SelfPlaces, life: 'outlives' | 'ends-with-agent'): void;
  /** Refuses nothing any more. */
  disarm(): void;
  /** Everybody is let through until then, nanoseconds since boot. */
  unlock(until: bigint): void;
  /** Forgets maps and programs that neither this agent nor what it goes on with has. */
  prune(): void;
  /** Attempts, each batch once it is taken. Also those that were made while no agent ran. */
  start(onTampers: (tampers: readonly Tamper[]) => void): void;
  /** Attempts by hook, also those whose record was lost. */
  attempts(): Record<string, bigint>;
  /** Attempts that nobody is told of. */
  lost(): bigint;
  /** Takes the last attempts; then everything goes. */
  close(): Promise<void>;
  /** The same, but what outlives the agent stays in force. */
  leave(): Promise<void>;
}

export type OpenSelfProtection = (options: SelfProtectionOptions) => SelfProtection;

/**
 * Loads the programs and goes on with what an earlier agent left armed. Throws SessionError `no-tier` where there is no BPF LSM,
 * KernelError where the kernel does not take them or keeps this agent from the pins of another.
 */
export const openSelfProtection: OpenSelfProtection = (options) => {
  const why = tiers.find(({ name }) => name === 'lsm')!.missing();
  if (why !== undefined) throw new SessionError('no-tier', why);
  return new PinnedProtection(options);
};

/** Removes what an earlier agent left below its directory of pins. Throws where this agent may not. */
export function clearSelfProtection(pins: string): void {
  const directory = join(pins, 'self');
  if (!existsSync(directory)) return;
  for (const set of pinnedSets(directory).sets) set.remove();
  rmdirSync(directory);
}

class PinnedProtection implements SelfProtection {
  readonly adopted: boolean;
  readonly #object: BpfObject;
  readonly #state: SelfState;
  readonly #ring: Ring;
  readonly #layout: string;
  readonly #directory: string | undefined;
  readonly #decode: (bytes: Uint8Array) => Tamper | undefined;
  readonly #hooks: ReadonlyMap<number, string>;
  readonly #links = new Map<string, Link>();
  #home: PinnedSet | undefined;
  /** What an agent left with which this one cannot go on; it guards until this one does. */
  #leftovers: PinnedSet[] = [];
  #onTampers: ((tampers: readonly Tamper[]) => void) | undefined;

  constructor({ agentPid, pins, objectPath = defaultObject }: SelfProtectionOptions) {
    this.#directory = pins === undefined ? undefined : join(pins, 'self');
    const before =
      this.#directory === undefined || !existsSync(this.#directory) ? [] : pinnedSets(this.#directory).sets;
    const programs = [...learners, ...guards];
    // only for its layout, which decides whether the maps of the one before will do
    const fresh = BpfObject.open(objectPath, { programs: [] });
    const layout = fresh.layout();
    this.#layout = layoutHash(['ps_state', 'ps_tamper', 'ps_process', 'ps_file'].map((name) => layout.struct(name)));
    fresh.close();
    const home = before.find(({ record }) => record.layout === this.#layout);
    const reuse = home && Object.fromEntries(maps.map((name) => [name, home.map(name)]));
    this.#object = BpfObject.open(objectPath, { programs, ...(reuse && { reuse }) });
    try {
      this.#object.load();
      this.#state = new SelfState(layout, this.#object.map('self_state').mmap());
      this.#ring = Ring.open(this.#object.map('tampers'));
      this.#decode = tamperDecoder(layout);
      this.#hooks = hookNames(layout);
      this.#home = home;
      this.adopted = before.length > 0;
      this.#leftovers = before.filter((set) => set !== home);
      this.#attach(learners);
      if (home !== undefined) {
        this.#attach(guards);
        home.dropEarlierLinks();
      }
      this.#enrol(agentPid);
    } catch (error) {
      for (const link of this.#links.values()) link.detach();
      this.#object.close();
      throw error;
    }
  }

  get isArmed(): boolean {
    return this.#state.isArmed;
  }

  arm(places: SelfPlaces, life: 'outlives' | 'ends-with-agent'): void {
    this.#state.write(places);
    this.#attach(guards);
    this.#state.armed = 1;
    if (life === 'outlives' && this.#home === undefined && this.#directory !== undefined) this.#pin(this.#directory);
    if (life === 'ends-with-agent') this.#unpin();
    for (const left of this.#leftovers.splice(0)) left.remove();
  }

  disarm(): void {
    this.#state.armed = 0;
    this.#unpin();
    for (const left of this.#leftovers.splice(0)) left.remove();
    for (const name of guards) this.#detach(name);
    this.#removeDirectory();
  }

  unlock(until: bigint): void {
    this.#state.unlockedUntil = until;
  }

  prune(): void {
    const objects = this.#object.map('self_objects');
    for (const key of [...objects.keys()]) {
      const value = objects.lookup(key);
      if (value && new DataView(value.buffer, value.byteOffset).getUint32(0, true) !== this.#state.epoch)
        objects.delete(key);
    }
  }

  start(onTampers: (tampers: readonly Tamper[]) => void): void {
    this.#onTampers = onTampers;
    this.#ring.start((batch) => {
      onTampers(this.#decoded(batch));
      this.#ring.acknowledge(batch);
    });
  }

  attempts(): Record<string, bigint> {
    const counts = this.#object.map('tamper_counts');
    return Object.fromEntries([...this.#hooks].map(([value, name]) => [name, sumOfCpus(counts, value)]));
  }

  lost(): bigint {
    return sumOfCpus(this.#object.map('tamper_counts'), this.#hooks.size);
  }

  async close(): Promise<void> {
    this.disarm();
    await this.#end();
    for (const name of learners) this.#detach(name);
    this.#object.close();
  }

  async leave(): Promise<void> {
    if (this.#home === undefined) return this.close();
    await this.#end();
    for (const link of this.#links.values()) link.release();
    this.#object.close();
  }

  /** From the next call of bpf(2) on, this process is the agent to the programs. */
  #enrol(pid: number): void {
    this.#state.epoch = (this.#state.epoch + 1) >>> 0;
    this.#state.enrolling = pid;
    BpfMap.create({ type: 'array', name: 'enrol', keySize: 4, valueSize: 4, maxEntries: 1 }).close();
    if (this.#state.agentPid !== pid) {
      this.#state.enrolling = 0;
      throw new SessionError('layout', 'the kernel knows this process by another pid: it lives in a pid namespace');
    }
    this.#learnOwn();
    // read before anybody was the agent
    if (this.#home !== undefined) BpfMap.openPinned(join(this.#home.path, 'record')).close();
  }

  /** What was made before anybody learned. */
  #learnOwn(): void {
    const ids = [...maps, '.rodata'].map((name) => [this.#object.map(name).id, kinds.map]);
    ids.push(...[...learners, ...guards].map((name) => [this.#object.programInfo(name).id, kinds.program]));
    const epoch = new Uint8Array(Uint32Array.of(this.#state.epoch).buffer);
    const objects = this.#object.map('self_objects');
    for (const pair of ids) objects.update(new Uint8Array(Uint32Array.from(pair).buffer), epoch);
  }

  #attach(names: readonly string[]): void {
    for (const name of names) {
      if (this.#links.has(name)) continue;
      const link = this.#object.attach(name);
      this.#links.set(name, link);
      this.#home?.pinLink(name, link);
    }
  }

  #detach(name: string): void {
    this.#links.get(name)?.detach();
    this.#links.delete(name);
  }

  #pin(directory: string): void {
    const record = { layout: this.#layout, object: '', tier: 'lsm', capacity: 0, scratches: 0 } as const;
    const home = PinnedSet.begin(directory, record, new Map(maps.map((name) => [name, this.#object.map(name)])));
    try {
      for (const [name, link] of this.#links) home.pinLink(name, link);
      home.complete();
      this.#home = home;
    } catch (error) {
      this.#withdraw(home);
      throw error;
    }
  }

  #unpin(): void {
    const home = this.#home;
    this.#home = undefined;
    if (home !== undefined) this.#withdraw(home);
  }

  /** Its links stay attached, and can be pinned again. */
  #withdraw(home: PinnedSet): void {
    for (const link of this.#links.values()) link.unpin();
    home.remove();
  }

  #removeDirectory(): void {
    try {
      if (this.#directory !== undefined) rmdirSync(this.#directory);
    } catch {
      // never made, or another agent's
    }
  }

  async #end(): Promise<void> {
    await this.#ring.stop();
    for (let batch = this.#ring.drain(); batch; batch = this.#ring.drain()) {
      this.#onTampers?.(this.#decoded(batch));
      this.#ring.acknowledge(batch);
    }
    this.#ring.close();
  }

  #decoded(batch: Iterable<Uint8Array>): Tamper[] {
    return [...batch].flatMap((bytes) => this.#decode(bytes) ?? []);
  }
}

/** What two agents must agree on to work on one set of maps. */
function layoutHash(structs: readonly { size: number; fields: ReadonlyMap<string, { offset: number }> }[]): string {
  const shapes = structs.map(({ size, fields }) => [size, [...fields].map(([name, { offset }]) => [name, offset])]);
  return createHash('sha256').update(JSON.stringify(shapes)).digest('hex');
}
