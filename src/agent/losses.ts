/** Says in the log what the kernel could not hand over, soon after it happened. */
import type { KernelSession } from '../kernel/types.js';
import type { AgentLog } from '../telemetry/log.js';
import { guarded } from './guarded.js';
import { limits } from './limits.js';

export interface Losses {
  /** Records for which the ring of the verdicts had no room. */
  verdicts: number;
  /** The same for the ring of the reports. */
  reports: number;
}

export function lossesOf(counters: Record<string, bigint>): Losses {
  return { verdicts: Number(counters.lost_verdict ?? 0n), reports: Number(counters.lost_report ?? 0n) };
}

export class LossWatch {
  readonly #session: KernelSession;
  readonly #log: AgentLog;
  readonly #guardedLook: () => void;
  readonly #timer: NodeJS.Timeout;
  #said: Losses;

  constructor(session: KernelSession, log: AgentLog) {
    this.#session = session;
    this.#log = log;
    this.#said = lossesOf(session.counters());
    this.#guardedLook = guarded(
      () => this.look(),
      (why) => log.error('watch-failed', `What the kernel has lost could not be read. ${why}`),
    );
    this.#timer = setInterval(this.#guardedLook, limits.lossCheck.value).unref();
  }

  /** Logs what was lost since the last look, if anything was. */
  look(): void {
    const now = lossesOf(this.#session.counters());
    const verdicts = now.verdicts - this.#said.verdicts;
    const reports = now.reports - this.#said.reports;
    if (verdicts <= 0 && reports <= 0) return;
    this.#said = now;
    this.#log.error(
      'records-lost',
      `The kernel's rings were full: ${verdicts} verdicts and ${reports} reports are lost.`,
      {
        verdicts,
        reports,
      },
    );
  }

  end(): void {
    clearInterval(this.#timer);
    this.#guardedLook();
  }
}
