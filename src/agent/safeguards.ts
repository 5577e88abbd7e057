/** What keeps rules from harm, together: the protected files, the circuit breaker, the canary, and one timer that looks after them. */

import type { SafetyReport } from '../telemetry/control/reports.js';
import type { AgentLog } from '../telemetry/log.js';
import { Breaker, type BreakerParts } from './breaker.js';
import { Canary, type CanaryParts } from './canary.js';
import type { Config } from './config.js';
import { guarded } from './guarded.js';
import { limits } from './limits.js';
import { Protection, type ProtectionParts } from './protection.js';
import { protectedPrograms } from './protection-files.js';

export type SafeguardParts = Omit<BreakerParts & CanaryParts & ProtectionParts, 'log'> & {
  log: AgentLog;
  /** What starts the command line. */
  launcher?: string;
};

export class Safeguards {
  readonly breaker: Breaker;
  readonly #canary: Canary;
  readonly #protection: Protection;
  readonly #launcher: string | undefined;
  readonly #lookAtCanary: () => void;
  readonly #lookAtBreaker: () => void;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: SafeguardParts) {
    this.breaker = new Breaker(parts);
    this.#canary = new Canary(parts);
    this.#protection = new Protection(parts);
    this.#launcher = parts.launcher;
    const { log } = parts;
    this.#lookAtCanary = guarded(
      () => this.#canary.look(),
      (why) => log.error('watch-failed', `The canary cgroup could not be looked for. ${why}`),
    );
    this.#lookAtBreaker = guarded(
      () => this.breaker.look(),
      (why) => log.error('watch-failed', `The circuit breakers could not be looked at. ${why}`),
    );
    this.#timer = setInterval(() => this.look(), limits.safeguardCheck.value).unref();
  }

  /** At the start, and at every reload: then files are resolved again. Throws where the kernel does not take it. */
  use({ protected: files, breaker, canary }: Config): void {
    this.#protection.use(protectedPrograms(files, this.#launcher));
    this.#canary.use(canary.cgroup);
    this.breaker.use(breaker.limit);
  }

  /** Whether user space leaves a process alone as the kernel would: what it runs is protected, or it is outside the canary. */
  spares(pid: number): boolean {
    return this.#canary.excludes(pid) || this.#protection.spares(pid);
  }

  /** At every tick. */
  look(): void {
    this.#lookAtCanary();
    this.#lookAtBreaker();
  }

  get status(): SafetyReport {
    const canary = this.#canary.status;
    return {
      protectedFiles: this.#protection.count,
      breakerLimit: this.breaker.limit,
      tripped: this.breaker.tripped,
      ...(canary !== undefined && { canary }),
    };
  }

  end(): void {
    clearInterval(this.#timer);
    this.#protection.end();
    this.#lookAtBreaker();
  }
}
