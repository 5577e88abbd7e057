/**
 * Ends the control group of a process or its whole container, for `kill` with a wider scope. The process of the event is
 * killed by whoever decided; this is about all others.
 */
import { containerCgroup } from '../../events/container.js';
import type { ScopeReport } from '../../events/rule-run.js';
import type { ProcessScope } from '../../policy/ruleset.js';
import { limits } from '../limits.js';
import type { Cgroups } from './cgroup.js';
import { refusalOf } from './refusals.js';
import { type Method, type Strike, type StrikeWorld, strike } from './strike.js';

export interface ScopeTarget {
  scope: Exclude<ProcessScope, 'process'>;
  /** Id and path of the control group of the process at its exec. 0, undefined: not known. */
  cgroup: bigint;
  path: string | undefined;
  /** When the exec happened, nanoseconds since boot. */
  time: bigint;
  signal: number;
}

export class ScopeKiller {
  readonly #world: StrikeWorld;
  readonly #cgroups: Cgroups;
  readonly #method: Method;
  /** By path and signal: a fork bomb makes many events about one control group, and one strike is enough for all. */
  readonly #running = new Map<string, Promise<Strike>>();

  constructor(world: StrikeWorld, cgroups: Cgroups, method: Method = 'best') {
    this.#world = world;
    this.#cgroups = cgroups;
    this.#method = method;
  }

  /** Strikes before it returns. Never rejects: what went wrong is in the report. */
  async end(target: ScopeTarget): Promise<ScopeReport> {
    const { scope, path, cgroup, time, signal } = target;
    if (path === undefined || cgroup === 0n) return { status: 'refused', why: 'its control group is not known' };
    const top = scope === 'container' ? containerCgroup(path) : path;
    if (top === undefined) return { status: 'refused', why: 'it runs in no container' };
    try {
      const running = this.#running.get(keyOf(signal, top)) ?? this.#begin(top, top === path ? cgroup : 0n, signal);
      return reportOf(top, await running, time);
    } catch (error) {
      if (error instanceof Refusal) return { status: 'refused', cgroup: top, why: error.message };
      return { status: 'error', cgroup: top, why: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Undefined: it is gone, and what was in it with it. */
  #begin(path: string, id: bigint, signal: number): Promise<Strike> | undefined {
    const cgroup = this.#cgroups.open(path, id);
    if (cgroup === undefined) return undefined;
    const refusal = refusalOf(cgroup.path, this.#cgroups.own());
    if (refusal !== undefined) {
      cgroup.close();
      throw new Refusal(refusal);
    }
    const key = keyOf(signal, path);
    const running = strike(cgroup, signal, this.#world, this.#method).finally(() => {
      this.#running.delete(key);
      cgroup.close();
    });
    this.#running.set(key, running);
    return running;
  }
}

class Refusal extends Error {
  override readonly name = 'Refusal';
}

function keyOf(signal: number, path: string): string {
  return `${signal} ${path}`;
}

function reportOf(cgroup: string, done: Strike | undefined, exec: bigint): ScopeReport {
  if (done === undefined) return { status: 'performed', cgroup, why: 'its control group is gone' };
  const { by, stopped, spared, struckAt, endedAt } = done;
  const since = (time: bigint) => Number(time > exec ? time - exec : 0n);
  return {
    status: endedAt === undefined ? 'error' : 'performed',
    cgroup,
    by,
    processes: stopped.length,
    pids: stopped.slice(0, limits.scopeShown.value),
    spared: spared.slice(0, limits.scopeShown.value),
    struck: since(struckAt),
    ...(endedAt === undefined ? { why: 'some of its processes did not end in time' } : { ended: since(endedAt) }),
  };
}
