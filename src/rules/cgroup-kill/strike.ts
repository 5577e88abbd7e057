/**
 * Ends everything in a control group. With SIGKILL and nobody to spare the kernel does it at once (`cgroup.kill`), forks that
 * are under way included. Otherwise everything is stopped first (`cgroup.freeze`), so that nothing forks any more, then
 * signalled one by one, and what is spared goes on. Both look again until nothing is left: a process that was moved
 * there meanwhile is found as well.
 */
import { setTimeout as pause, setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Processes } from '../kill.js';
import { limits } from '../limits.js';
import type { Cgroup } from './cgroup.js';

export interface Strike {
  /** `signals`: it could not be frozen, and what forks fast enough is not caught. */
  by: 'cgroup.kill' | 'freeze' | 'signals';
  /** Processes that were there, the spared ones left out; one that came and died between two looks is not among them. */
  stopped: readonly number[];
  /** Protected processes, which were there too. */
  spared: readonly number[];
  /** Nanoseconds since boot: when all had been struck that were there. */
  struckAt: bigint;
  /** When nothing was left but the spared; undefined: it could not be emptied in time. */
  endedAt: bigint | undefined;
}

/** How to end it: `freeze` does without `cgroup.kill`. */
export type Method = 'best' | 'freeze';

export type StrikeWorld = Pick<Processes, 'open' | 'isProtected' | 'now'>;

/** Strikes before it returns; resolves when it is over. Rejects where the system refuses. */
export async function strike(cgroup: Cgroup, signal: number, world: StrikeWorld, method: Method): Promise<Strike> {
  const struck = new Struck(world);
  const { hunted, spared } = struck.look(cgroup);
  const atOnce = signal === SIGKILL && spared.length === 0 && method === 'best' && cgroup.kill() === 'done';
  if (!atOnce) return await frozen(cgroup, signal, struck, hunted);
  const struckAt = world.now();
  for (const wait of waits()) {
    if (!cgroup.populated()) return struck.report('cgroup.kill', struckAt, world.now());
    await pause(wait);
    // One that is protected can only have been moved there since.
    if (struck.look(cgroup).spared.length > 0) return await frozen(cgroup, signal, struck, []);
    cgroup.kill();
  }
  return struck.report('cgroup.kill', struckAt, undefined);
}

const SIGKILL = 9;

async function frozen(cgroup: Cgroup, signal: number, struck: Struck, first: readonly number[]): Promise<Strike> {
  const by = cgroup.freeze() === 'done' ? 'freeze' : 'signals';
  try {
    let struckAt = await struck.signal(cgroup, first, signal);
    let quietLooks = 0;
    for (const wait of waits()) {
      const { hunted } = struck.look(cgroup);
      // What SIGKILL has reached ends; what another signal has reached may stay, and gets it once.
      const fresh = signal === SIGKILL ? hunted : hunted.filter((pid) => !struck.reached.has(pid));
      if (fresh.length > 0) struckAt = await struck.signal(cgroup, fresh, signal);
      // Processes may move between two control groups while these are read one after the other: one look is not enough.
      quietLooks = fresh.length > 0 ? 0 : quietLooks + 1;
      if (quietLooks >= 2 && (signal === SIGKILL || by === 'signals' || cgroup.frozen()))
        return struck.report(by, struckAt, struck.now());
      await pause(wait);
    }
    return struck.report(by, struckAt, undefined);
  } finally {
    cgroup.thaw();
  }
}

/** What has been seen and reached so far. */
class Struck {
  readonly reached = new Set<number>();
  readonly #seen = new Set<number>();
  readonly #spared = new Set<number>();
  readonly #world: StrikeWorld;

  constructor(world: StrikeWorld) {
    this.#world = world;
  }

  now(): bigint {
    return this.#world.now();
  }

  look(cgroup: Cgroup): { hunted: number[]; spared: number[] } {
    const hunted: number[] = [];
    const spared: number[] = [];
    for (const pid of cgroup.processes()) {
      const safe = this.#world.isProtected(pid);
      (safe ? spared : hunted).push(pid);
      (safe ? this.#spared : this.#seen).add(pid);
    }
    return { hunted, spared };
  }

  /** Signals processes that are there, not those that got their pids. Resolves to the time when all had it. */
  async signal(cgroup: Cgroup, pids: readonly number[], signal: number): Promise<bigint> {
    for (const [index, pid] of pids.entries()) {
      if (index % limits.scopeSignals.value === limits.scopeSignals.value - 1) await yieldToOthers();
      this.#signal(cgroup, pid, signal);
    }
    return this.#world.now();
  }

  #signal(cgroup: Cgroup, pid: number, signal: number): void {
    try {
      const process = this.#world.open(pid);
      try {
        // The process is held: if another has its pid by now, it is the held one that gets the signal, and it has ended.
        if (cgroup.holds(pid)) process.signal(signal);
        this.reached.add(pid);
      } finally {
        process.close();
      }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  report(by: Strike['by'], struckAt: bigint, endedAt: bigint | undefined): Strike {
    return { by, stopped: [...this.#seen], spared: [...this.#spared], struckAt, endedAt };
  }
}

/** Milliseconds to wait before each further look, for as long as it may take. */
function* waits(): Generator<number> {
  const end = performance.now() + limits.scopeTime.value;
  for (let wait = 1; performance.now() < end; wait = Math.min(wait * 2, limits.scopePause.value)) yield wait;
}
