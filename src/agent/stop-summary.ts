/** The last line of the log: what was decided in all, and what of it was lost. */
import type { DeliveryCounts } from './delivery.js';
import type { Losses } from './losses.js';

export interface StopSummary {
  counters: Record<string, bigint>;
  delivery: DeliveryCounts;
  lost: Losses & {
    /** Records taken from the kernel whose events the log did not accept in time. */
    undelivered: number;
  };
}

export function lostInAll({ lost, delivery }: StopSummary): number {
  return lost.verdicts + lost.reports + lost.undelivered + delivery.malformed;
}

export function stopText(summary: StopSummary): { level: 'info' | 'error'; text: string } {
  const { counters, delivery } = summary;
  const count = (name: string) => Number(counters[name] ?? 0n);
  // The kernel counts an exec at its second stage, which a refused one never reaches.
  const decided = `${count('exec') + count('refused')} execs decided, ${count('refused')} refused, ${count('killed')} killed`;
  const lost = lostInAll(summary);
  return {
    level: lost === 0 ? 'info' : 'error',
    text: `Stopped and detached. ${decided}, ${delivery.events} events logged, ${lost === 0 ? 'nothing' : lost} lost.`,
  };
}
