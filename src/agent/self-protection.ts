/**
 * When the agent protects itself, from what it knows of its policy and of who started it; what the log says of that and of attempts. Without
 * it everything else works, so nothing here keeps the agent from starting.
 */
import { type FSWatcher, realpathSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import {
  clearSelfProtection,
  type OpenSelfProtection,
  openSelfProtection,
  type SelfProtection,
} from '../kernel/self-protection.js';
import type { SelfPlaces } from '../kernel/self-protection-state.js';
import { ControlError } from '../telemetry/control/protocol.js';
import type { SelfProtectionReport } from '../telemetry/control/reports.js';
import type { AgentLog } from '../telemetry/log.js';
import { limits } from './limits.js';
import { resolveFile } from './protection-resolve.js';
import { hostMountNamespace, ownUnit, pinPlaces } from './self-protection-places.js';
import { sentenceOf } from './sentence.js';
import { TamperLog } from './tamper-log.js';

export type SelfProtectionMode = 'auto' | 'on' | 'off';

/** What it needs of the host; tests give their own. */
export interface SelfProtectionHost {
  open: OpenSelfProtection;
  /** Ends what an earlier agent left protected, for one that does without. */
  clear(pins: string): void;
  /** Names of the control groups of the unit that process 1 started this agent in; undefined: it was started in another way. */
  unit(): readonly string[] | undefined;
  pins(directory: string): NonNullable<SelfPlaces['pins']>;
  mountNamespace(): number;
  launcher(path: string): NonNullable<SelfPlaces['successor']>['launcher'] | undefined;
}

export const thisHost: SelfProtectionHost = {
  open: openSelfProtection,
  clear: clearSelfProtection,
  unit: ownUnit,
  pins: pinPlaces,
  mountNamespace: hostMountNamespace,
  launcher: resolveFile,
};

export interface SelfGuardParts {
  mode: SelfProtectionMode;
  pid: number;
  /** Directory of pins; undefined: there are none. */
  pins: string | undefined;
  launcher: string | undefined;
  log: AgentLog;
  /** Nanoseconds since boot. */
  bootTime(): bigint;
  /** Absent: it is not to be had. */
  host: SelfProtectionHost | undefined;
}

export class SelfGuard {
  readonly #parts: SelfGuardParts;
  readonly #tampers: TamperLog;
  #protection: SelfProtection | undefined;
  #unit: readonly string[] | undefined;
  #watchers: FSWatcher[] = [];
  #settling: NodeJS.Timeout | undefined;
  #unlockedUntil = 0n;
  #wanted: 'armed' | 'not-armed' = 'not-armed';

  constructor(parts: SelfGuardParts) {
    this.#parts = parts;
    this.#tampers = new TamperLog({
      say: (text, fields) => parts.log.tamper(text, fields),
      later: (milliseconds, act) => {
        const timer = setTimeout(act, milliseconds).unref();
        return () => clearTimeout(timer);
      },
      timeOf: (time) => Date.now() - Number((parts.bootTime() - time) / 1_000_000n),
    });
  }

  /** Before anything else is loaded: what comes after it is known as the agent's. */
  open(): void {
    const { mode, host, pid, pins, log } = this.#parts;
    if (mode === 'off' || host === undefined) return;
    try {
      this.#unit = host.unit();
      if (mode === 'auto' && this.#unit === undefined) return;
      this.#protection = host.open({ agentPid: pid, ...(pins !== undefined && { pins }) });
      this.#protection.start((tampers) => this.#tampers.add(tampers));
    } catch (error) {
      log.warn('self-protection', `The agent cannot protect itself. ${sentenceOf(error)}`);
    }
  }

  /** What the agent goes on with is loaded. */
  opened(): void {
    const { host, pins, log } = this.#parts;
    try {
      if (this.#protection !== undefined) this.#protection.prune();
      else if (pins !== undefined) host?.clear(pins);
    } catch (error) {
      log.warn('self-protection', `The protection of an agent before this one stays. ${sentenceOf(error)}`);
    }
  }

  /** At every policy that comes into force, and when rules change their modes. */
  follow(policy: 'enforces' | 'only-reports'): void {
    if (this.#protection === undefined) return;
    const wanted = this.#parts.mode === 'on' || policy === 'enforces' ? 'armed' : 'not-armed';
    if (wanted === this.#wanted && this.#protection.isArmed === (wanted === 'armed')) return;
    try {
      if (wanted === 'armed') this.#arm(this.#protection);
      else this.#disarm(this.#protection);
      this.#wanted = wanted;
    } catch (error) {
      this.#parts.log.error('self-protection', `The agent could not protect itself. ${sentenceOf(error)}`);
    }
  }

  /** Lets everybody through for a time. `by` goes to the log. Throws ControlError `not-protected`. */
  unlock(seconds: number, by: string): SelfProtectionReport {
    const { log, bootTime } = this.#parts;
    if (this.#protection === undefined || this.#wanted === 'not-armed')
      throw new ControlError('not-protected', 'The agent does not protect itself now: nothing is locked.');
    this.#unlockedUntil = bootTime() + BigInt(seconds) * 1_000_000_000n;
    this.#protection.unlock(this.#unlockedUntil);
    const text =
      seconds === 0
        ? `Locked again. Asked by ${by}.`
        : `For ${seconds} seconds nothing keeps root from the agent. Asked by ${by}.`;
    log.warn('self-protection-unlocked', text, { seconds, by });
    return this.status;
  }

  get status(): SelfProtectionReport {
    if (this.#protection === undefined || this.#wanted === 'not-armed') return { is: 'off' };
    const left = Number((this.#unlockedUntil - this.#parts.bootTime()) / 1_000_000n);
    const attempts = Object.values(this.attempts()).reduce((sum, count) => sum + Number(count), 0);
    if (left > 0) return { is: 'unlocked', seconds: Math.ceil(left / 1000), attempts };
    return { is: 'on', attempts };
  }

  /** By hook. */
  attempts(): Record<string, bigint> {
    return this.#protection?.attempts() ?? {};
  }

  lost(): bigint {
    return this.#protection?.lost() ?? 0n;
  }

  /** After a start that failed: what an agent before this one had protected stays so. */
  abandon(): Promise<void> {
    return this.end(this.#protection?.adopted ? 'keep' : 'release');
  }

  /** At the end. `keep`: what outlives the agent goes on to refuse. Never rejects. */
  async end(pins: 'keep' | 'release'): Promise<void> {
    this.#endWatches();
    try {
      // the next agent may come from a package that was unpacked a moment ago
      if (pins === 'keep' && this.#wanted === 'armed') this.#rearm(this.#protection!);
      if (pins === 'keep') await this.#protection?.leave();
      else await this.#protection?.close();
    } catch (error) {
      this.#parts.log.error('self-protection', `Self-protection did not end in order. ${sentenceOf(error)}`);
    }
    this.#tampers.flush();
    this.#protection = undefined;
  }

  #arm(protection: SelfProtection): void {
    const { log } = this.#parts;
    const places = this.#places();
    const life = this.#lifeOf(places);
    protection.arm(places, life);
    const text =
      life === 'outlives'
        ? 'The agent and its pins are protected, also while no agent runs; process 1 may end it.'
        : 'The agent is protected as long as it runs; process 1 may end it.';
    log.info('self-protection', text, { life });
    this.#followLauncher();
  }

  #disarm(protection: SelfProtection): void {
    protection.disarm();
    this.#endWatches();
    this.#parts.log.info('self-protection', 'No rule enforces: the agent does not protect itself.');
  }

  /** Where nobody could come after this agent, its pins must not stay locked. */
  #lifeOf({ successor }: SelfPlaces): 'outlives' | 'ends-with-agent' {
    return this.#parts.pins !== undefined && successor !== undefined ? 'outlives' : 'ends-with-agent';
  }

  #places(): SelfPlaces {
    const { host, pins, launcher } = this.#parts;
    const unit = this.#unit;
    const file = launcher === undefined ? undefined : host!.launcher(launcher);
    return {
      mountNamespace: host!.mountNamespace(),
      ...(pins !== undefined && { pins: host!.pins(pins) }),
      ...(unit !== undefined && file !== undefined && { successor: { launcher: file, unit } }),
    };
  }

  /** A package upgrade brings a launcher of another inode, which the next start executes. */
  #followLauncher(): void {
    const { launcher, log } = this.#parts;
    if (launcher === undefined || this.#unit === undefined || this.#watchers.length > 0) return;
    try {
      const directories = new Set([dirname(launcher), dirname(realpathSync(launcher))]);
      for (const directory of directories) {
        const watcher = watch(directory, { persistent: false }, () => this.#settle());
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      }
    } catch (error) {
      log.warn(
        'self-protection',
        `An upgrade of ${launcher} will not be noticed before the stop. ${sentenceOf(error)}`,
      );
    }
  }

  /** A package brings many files at once. */
  #settle(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      if (this.#wanted === 'armed' && this.#protection !== undefined) this.#rearm(this.#protection);
    }, limits.protectionSettle.value).unref();
  }

  #endWatches(): void {
    clearTimeout(this.#settling);
    this.#settling = undefined;
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  #rearm(protection: SelfProtection): void {
    try {
      const places = this.#places();
      // in the middle of an upgrade there may be none: the one that is known stays
      if (places.successor !== undefined) protection.arm(places, this.#lifeOf(places));
    } catch (error) {
      this.#parts.log.error('self-protection', `The agent could not protect itself anew. ${sentenceOf(error)}`);
    }
  }
}
