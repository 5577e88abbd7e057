/** One record and everything that rules and events ask about it, found when it is asked for and then kept. */
import { hostname } from 'node:os';
import type { KernelRecord } from '../kernel/types.js';
import { type Bytes, toBytes } from '../secl/bytes.js';
import { unknown, type Value } from '../secl/value.js';
import type { CgroupPaths } from './cgroups.js';
import type { AlignedClock } from './clock.js';
import type { ContainerIdentity } from './container.js';
import type { Place } from './process-values.js';
import type { LastProgram, Lineage, ProcessFacts, ProcessTree } from './processes.js';
import type { Program } from './program.js';
import type { UserNames } from './users.js';

export interface SceneParts {
  clock: AlignedClock;
  processes: ProcessTree;
  cgroups: CgroupPaths;
  users: UserNames;
  groups: UserNames;
}

export class Scene {
  /** As the kernel sent it. Of an exit it says nothing of the program. */
  readonly record: KernelRecord;
  /** Of an exit: what the process ran. */
  readonly last: LastProgram | undefined;
  readonly place: Place;
  readonly #parts: SceneParts;
  #lineage: Lineage | undefined;

  constructor(record: KernelRecord, parts: SceneParts) {
    this.record = record;
    this.#parts = parts;
    this.last = record.event === 'exit' ? parts.processes.lastProgram(record) : undefined;
    this.place = this.#placeOf(record.cgroup, [record.pid, record.ppid]);
  }

  /** Nanoseconds since the epoch of a time since boot. */
  epoch(bootTime: bigint): bigint {
    return this.#parts.clock.epoch(bootTime);
  }

  get clock(): AlignedClock {
    return this.#parts.clock;
  }

  get hostname(): Bytes {
    return toBytes(hostname());
  }

  get lineage(): Lineage {
    this.#lineage ??= this.#parts.processes.lineage(this.record);
    return this.#lineage;
  }

  /** What a process of the lineage runs. */
  programOf(facts: ProcessFacts): Program | undefined {
    return this.#parts.processes.program(facts, this.#parts.clock.boot());
  }

  placeOf(facts: ProcessFacts, program: Program | undefined): Place {
    return this.#placeOf(program?.cgroup ?? 0n, [facts.pid]);
  }

  get cgroupPath(): string | undefined {
    return this.place.cgroupPath();
  }

  /** The same for whoever is about to act on it: looked for with more effort. */
  locateCgroup(): string | undefined {
    const { cgroup, pid, ppid } = this.record;
    return this.#parts.cgroups.locate(cgroup, [pid, ppid]);
  }

  /** Undefined: on the host, or not found. */
  get container(): ContainerIdentity | undefined {
    const container = this.place.container();
    return container === 'unknown' ? undefined : container;
  }

  get user(): string | undefined {
    return this.#parts.users.name(this.record.uid);
  }

  #placeOf(cgroup: bigint, pids: readonly number[]): Place {
    return new FoundPlace(this.#parts, cgroup, pids);
  }
}

/** A control group as it is found when somebody asks, and what follows from it. */
class FoundPlace implements Place {
  readonly #parts: SceneParts;
  readonly #cgroup: bigint;
  readonly #pids: readonly number[];
  #path: string | 'not-asked' | undefined = 'not-asked';

  constructor(parts: SceneParts, cgroup: bigint, pids: readonly number[]) {
    this.#parts = parts;
    this.#cgroup = cgroup;
    this.#pids = pids;
  }

  cgroupPath(): string | undefined {
    // A path begins with a slash.
    if (this.#path === 'not-asked') this.#path = this.#parts.cgroups.path(this.#cgroup, this.#pids);
    return this.#path;
  }

  container(): ContainerIdentity | 'unknown' | undefined {
    const found = this.cgroupPath();
    return found === undefined ? 'unknown' : this.#parts.cgroups.container(found);
  }

  user(uid: number): Value {
    return this.#named(this.#parts.users.name(uid));
  }

  group(gid: number): Value {
    return this.#named(this.#parts.groups.name(gid));
  }

  /** Ids are called otherwise in a container. */
  #named(name: string | undefined): Value {
    return this.container() === undefined ? toBytes(name ?? '') : unknown;
  }
}
