/** How the agent leaves the kernel: in order, with everything that was decided brought out, or after a start that failed. */
import type { KernelSession } from '../kernel/types.js';
import type { AgentLog } from '../telemetry/log.js';
import type { Foundation } from './foundation.js';
import type { KernelSide } from './kernel-side.js';
import { limits } from './limits.js';
import { isKept, sayStop } from './pins.js';
import { type StopSummary, stopText } from './stop-summary.js';
import { type TimedOutcome, withinTime } from './within-time.js';

/**
 * Takes everything off the kernel, or leaves it deciding where the configuration says so, and brings what was decided to the log. Rejects
 * where something could not be closed; everything else is.
 */
export async function leaveInOrder(foundation: Foundation, kernel: KernelSide): Promise<StopSummary> {
  const { log, journal, imageCache } = foundation;
  const { session, delivery } = kernel;
  const { directory, on_stop } = foundation.config.pins;
  const keeps = directory.at === 'path' && isKept(on_stop);
  const rings = new LastOfRings(kernel);
  // First nothing decides any more, then what was decided is brought out, then the programs go.
  const brought = await withinTime(limits.stopTime.value, async () => {
    await kernel.sweeper.end();
    if (!keeps) await session.release();
    await delivery.idle();
    // what is kept stays in the rings for the next agent
    if (!keeps) await rings.empty();
    await delivery.idle();
    await journal?.delivered();
    await imageCache?.settled();
  });
  if (brought.outcome === 'failed') sayNotBrought(log, brought.error);
  if (brought.outcome !== 'done' && !keeps) await saveRest(foundation, kernel, { rings, brought });
  const counters = await closeAll(foundation, kernel, keeps ? 'keep' : 'release');
  if (directory.at === 'path') sayStop(log, keeps ? 'keep' : 'release', directory.path);
  return {
    counters,
    delivery: { ...delivery.counts },
    // what the log has not taken stays in the rings where they are kept
    lost: { ...kernel.losses.since(counters), undelivered: keeps ? 0 : delivery.waiting },
  };
}

/** One that fails keeps none of the others from its turn. Rejects then, with the first failure; resolves with the last counters. */
async function closeAll(
  { journal, selfGuard }: Foundation,
  { session }: KernelSide,
  pins: 'keep' | 'release',
): Promise<Record<string, bigint>> {
  let counters: Record<string, bigint> = {};
  const failures: unknown[] = [];
  const steps: (() => unknown)[] = [
    () => journal?.close(),
    () => {
      counters = session.counters();
    },
    () => (pins === 'keep' ? session.leave() : session.close()),
    () => selfGuard.end(pins),
  ];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return counters;
}

/** What nobody has read of the rings, taken from them once however often that is tried. */
class LastOfRings {
  readonly #kernel: KernelSide;
  #emptied: Promise<void> | undefined;

  constructor(kernel: KernelSide) {
    this.#kernel = kernel;
  }

  get wasTried(): boolean {
    return this.#emptied !== undefined;
  }

  /** The delivery has it then, and counts it until the log has it. */
  empty(): Promise<void> {
    this.#emptied ??= this.#empty();
    return this.#emptied;
  }

  async #empty(): Promise<void> {
    const { session, delivery } = this.#kernel;
    delivery.acceptDrained(await session.drain());
  }
}

/** Before the rings are gone: what is in them is delivered where a step has failed, and counted where the log took nothing in time. */
async function saveRest(
  { log }: Foundation,
  { session, delivery }: KernelSide,
  { rings, brought }: { rings: LastOfRings; brought: TimedOutcome },
): Promise<void> {
  const triedBefore = rings.wasTried;
  let isEmpty = false;
  const saved = await withinTime(limits.stopTime.value, async () => {
    // else more would come after the last look; where this is what has failed, it was said
    await session.release().catch(() => {});
    await rings.empty();
    isEmpty = true;
    if (brought.outcome === 'failed') await delivery.idle();
  });
  if (saved.outcome === 'failed' && !(triedBefore && brought.outcome === 'failed')) sayNotBrought(log, saved.error);
  if (saved.outcome === 'too-late' && !isEmpty) sayNotBrought(log, new Error('the rings did not let go of it in time'));
}

function sayNotBrought(log: AgentLog, error: unknown): void {
  log.error('delivery-failed', 'What the kernel still held could not be brought out.', { error: String(error) });
}

/** The last line. Resolves when the log has it, or does not take it in time. */
export async function sayStopped({ log, sink }: Foundation, summary: StopSummary): Promise<void> {
  const { text, level } = stopText(summary);
  log[level]('stopped', text, {
    counters: Object.fromEntries(Object.entries(summary.counters).map(([name, value]) => [name, Number(value)])),
    delivery: summary.delivery,
    lost: summary.lost,
  });
  await withinTime(limits.stopTime.value, () => sink.flushed());
}

/** After a start that failed nothing of it stays. `before`: the kernel decided before this agent came, and goes on. */
export async function abandon(
  { log, selfGuard }: Foundation,
  { session, kernel, before }: { session?: KernelSession; kernel?: KernelSide; before: 'nothing' | 'adopted' },
): Promise<void> {
  const closed = await withinTime(limits.stopTime.value, async () => {
    await kernel?.sweeper.end();
    if (before === 'adopted') await session?.leave();
    else await session?.close();
    await selfGuard.abandon();
  });
  if (closed.outcome === 'failed') log.error('cannot-start', `Not detached: ${String(closed.error)}`);
}
