/** Says in the log what the kernel could not hand over, soon after it happened. */
import type { KernelSession, TakeOver } from '../kernel/types.js';
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

/** What was lost before this agent came. Whoever counted it then has said it, or nobody has: the kernel does not know. */
export function lossesBefore(before: TakeOver): Losses {
  return lossesOf(before.is === 'adopted' ? before.counters : {});
}

export class LossWatch {
  readonly #session: KernelSession;
  readonly #log: AgentLog;
  readonly #guardedLook: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #before: Losses;
  #said: Losses;

  /** `before`: what the log has said of it already, and no failure of this agent. */
  constructor(session: KernelSession, log: AgentLog, before: Losses) {
    this.#session = session;
    this.#log = log;
    this.#before = before;
    this.#said = before;
    this.#guardedLook = guarded(
      () => this.look(),
      (why) => log.error('watch-failed', `What the kernel has lost could not be read. ${why}`),
    );
    this.#timer = setInterval(this.#guardedLook, limits.lossCheck.value).unref();
  }

  /** What these counters say is lost since this agent came. */
  since(counters: Record<string, bigint>): Losses {
    return less(lossesOf(counters), this.#before);
  }

  /** Logs what was lost since the last look, if anything was. */
  look(): void {
    const now = lossesOf(this.#session.counters());
    const { verdicts, reports } = less(now, this.#said);
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

function less(now: Losses, before: Losses): Losses {
  return { verdicts: now.verdicts - before.verdicts, reports: now.reports - before.reports };
}
