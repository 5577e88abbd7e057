/**
 * Processes that run already when a policy comes into force are judged by the same rules: what their last exec was, as far
 * as that is known. A slice of work, then a pause, so that a hundred thousand of them hold up nothing else.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { AlignedClock } from '../events/clock.js';
import type { EventImage } from '../events/image.js';
import type { LiveJudge } from '../events/live-judge.js';
import { type LiveSources, liveProcess } from '../events/live-process.js';
import type { MadeEvent } from '../events/maker.js';
import type { Processes } from '../rules/kill.js';
import type { AgentLog } from '../telemetry/log.js';
import type { SweepMode } from './config.js';
import { limits } from './limits.js';

export interface SweepParts {
  judge: LiveJudge;
  sources: LiveSources;
  clock: AlignedClock;
  /** Who is never judged, since nothing would be done. */
  isProtected: Processes['isProtected'];
  log: AgentLog;
  /** Writes an event, when those before it are written. */
  deliver(made: MadeEvent): void;
}

/** What a sweep found. */
export interface SweepCounts {
  /** Processes whose last exec was judged. */
  judged: number;
  /** Of them, those about which only they themselves say what they run. */
  selfDeclared: number;
  /** Some rule holds. */
  matched: number;
  /** Ended for it. */
  ended: number;
  /** No rule holds, and some could not be decided. */
  unknown: number;
  /** Protected, of the kernel, or gone before they were judged. */
  skipped: number;
  /** Events past the limit. */
  untold: number;
}

export class Sweeper {
  readonly #parts: SweepParts;
  #running: { cancel: AbortController; over: Promise<void> } | undefined;

  constructor(parts: SweepParts) {
    this.#parts = parts;
  }

  /** Begins a sweep with the rules that have come into force; one that is under way ends. */
  begin(mode: SweepMode, image: EventImage, generation: bigint): void {
    const before = this.end();
    if (mode === 'off') return;
    const cancel = new AbortController();
    const over = before
      .then(() => this.#sweep(mode, image, generation, cancel.signal))
      .catch((error: unknown) => this.#fail(error));
    this.#running = { cancel, over };
  }

  /** Resolves when none is under way any more. */
  end(): Promise<void> {
    this.#running?.cancel.abort();
    return this.idle();
  }

  /** Resolves when the one that is under way is done. */
  idle(): Promise<void> {
    return this.#running?.over ?? Promise.resolve();
  }

  async #sweep(mode: 'report' | 'enforce', image: EventImage, generation: bigint, signal: AbortSignal): Promise<void> {
    const { log, sources } = this.#parts;
    const began = performance.now();
    const counts: SweepCounts = { judged: 0, selfDeclared: 0, matched: 0, ended: 0, unknown: 0, skipped: 0, untold: 0 };
    let sliceEnd = 0;
    for (const pid of sources.processes.pids()) {
      if (performance.now() >= sliceEnd) {
        await pause(limits.sweepPause.value);
        if (signal.aborted) return;
        this.#parts.clock.align();
        sources.processes.refresh();
        sliceEnd = performance.now() + limits.sweepSlice.value;
      }
      this.#judge(pid, { image, generation, acting: mode }, counts);
    }
    const milliseconds = Math.round(performance.now() - began);
    log[counts.matched > 0 ? 'warn' : 'info']('sweep', textOf(counts, mode), {
      mode,
      generation: Number(generation),
      ...counts,
      milliseconds,
    });
  }

  #judge(pid: number, judging: Parameters<LiveJudge['judge']>[1], counts: SweepCounts): void {
    const { judge, sources, isProtected, deliver } = this.#parts;
    const live = isProtected(pid) ? undefined : liveProcess(pid, sources);
    if (live === undefined) {
      counts.skipped++;
      return;
    }
    counts.judged++;
    if (live.source === 'proc') counts.selfDeclared++;
    const made = judge.judge(live, judging);
    const { matched, unknown, actions } = made.decision;
    if (matched.length === 0) {
      if (unknown.length > 0) counts.unknown++;
      return;
    }
    counts.matched++;
    if (actions.some(({ killedAt }) => killedAt !== undefined)) counts.ended++;
    if (counts.matched <= limits.sweepEvents.value) deliver(made);
    else counts.untold++;
  }

  #fail(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.#parts.log.error('sweep', `Processes that run already were not judged to the end. ${why}`);
  }
}

function textOf({ judged, matched, ended }: SweepCounts, mode: 'report' | 'enforce'): string {
  const found = `${judged} processes ran already; rules hold for ${matched} of them`;
  return mode === 'report' ? `${found}. Nothing was done to them.` : `${found}, and ${ended} were sent a signal.`;
}
