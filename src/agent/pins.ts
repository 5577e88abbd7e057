/** What the log says of enforcement that outlives an agent. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lockDirectory } from '../kernel/pins-lock.js';
import type { TakeOver } from '../kernel/types.js';
import type { AgentLog } from '../telemetry/log.js';
import { lossesBefore } from './losses.js';

export function sayTakeOver(log: AgentLog, before: TakeOver): void {
  const { halves } = before;
  if (halves > 0)
    log.warn('pins-cleaned', `Pins of ${halves} starts that did not get to their end were removed.`, { halves });
  switch (before.is) {
    case 'nothing':
      return;
    case 'adopted': {
      const generation = before.generation === undefined ? undefined : Number(before.generation);
      const waiting = Number(before.waiting);
      const what = generation === undefined ? 'No image is in force.' : `Generation ${generation} is in force.`;
      const { verdicts, reports } = lossesBefore(before);
      const isWhole = verdicts + reports === 0;
      const lost = isWhole
        ? ''
        : ` The kernel's rings were full before: ${verdicts} verdicts and ${reports} reports are lost.`;
      const text = `Going on where an agent before this one ended. ${what}${lost}`;
      log[isWhole ? 'info' : 'error']('pins-adopted', text, { generation, waiting, verdicts, reports });
      return;
    }
    case 'replacing': {
      const text = `What an agent before this one left decides until the first image is in force, because ${before.why}.`;
      log.warn('pins-replaced', text, { why: before.why });
      return;
    }
  }
}

/**
 * Whether the kernel goes on deciding after a stop. Two files overrule `pins.on_stop` while they are there: `hand-over`, where a stop is one half of
 * an upgrade, and `release`, where the package goes and nobody will be left who may remove what is protected.
 */
export function isKept(onStop: 'release' | 'keep', marks = lockDirectory): boolean {
  if (existsSync(join(marks, 'release'))) return false;
  return onStop === 'keep' || existsSync(join(marks, 'hand-over'));
}

export function sayStop(log: AgentLog, onStop: 'release' | 'keep', directory: string): void {
  if (onStop === 'keep')
    log.warn('pins-kept', `The kernel goes on deciding by ${directory}; the next agent takes over.`);
  else log.info('pins-released', `Nothing is left in ${directory}: nothing is decided any more.`);
}
