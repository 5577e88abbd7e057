/** How the agent leaves the kernel: in order, with everything that was decided brought out, or after a start that failed. */
import type { KernelSession } from '../kernel/types.js';
import type { Foundation } from './foundation.js';
import type { KernelSide } from './kernel-side.js';
import { limits } from './limits.js';
import { lossesOf } from './losses.js';
import { isKept, sayStop } from './pins.js';
import { type StopSummary, stopText } from './stop-summary.js';
import { withinTime } from './within-time.js';

/** Takes everything off the kernel, or leaves it deciding where the configuration says so, and brings what was decided to the log. */
export async function leaveInOrder(foundation: Foundation, kernel: KernelSide): Promise<StopSummary> {
  const { log, journal, imageCache } = foundation;
  const { session, delivery } = kernel;
  const { directory, on_stop } = foundation.config.pins;
  const keeps = directory.at === 'path' && isKept(on_stop);
  // First nothing decides any more, then what was decided is brought out, then the programs go.
  const brought = await withinTime(limits.stopTime.value, async () => {
    await kernel.sweeper.end();
    if (!keeps) await session.release();
    await delivery.idle();
    // what is kept stays in the rings for the next agent
    if (!keeps) delivery.acceptDrained(await session.drain());
    await delivery.idle();
    await journal?.delivered();
    await imageCache?.settled();
  });
  await journal?.close();
  if (brought.outcome === 'failed') {
    const text = 'What the kernel still held could not be brought out.';
    log.error('delivery-failed', text, { error: String(brought.error) });
  }
  const counters = session.counters();
  if (keeps) await session.leave();
  else await session.close();
  await foundation.selfGuard.end(keeps ? 'keep' : 'release');
  if (directory.at === 'path') sayStop(log, keeps ? 'keep' : 'release', directory.path);
  return {
    counters,
    delivery: { ...delivery.counts },
    // what the log has not taken stays in the rings where they are kept
    lost: { ...lossesOf(counters), undelivered: keeps ? 0 : delivery.waiting },
  };
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
