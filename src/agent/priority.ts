/** Where in the queue for a processor the agent stands. */
import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { limits } from './limits.js';

/**
 * Ahead of ordinary processes, so that those of a fork bomb do not keep the agent from ending it. A priority is one thread's: also those
 * that write the log, which were begun before, go ahead; threads that are begun afterwards have it from the one that begins them. Where
 * that is not permitted the agent stays where it is.
 */
export function goAhead(): void {
  const wanted = -limits.niceness.value;
  for (const thread of threads()) {
    try {
      if (getPriority(thread) > wanted) setPriority(thread, wanted);
    } catch {
      // A service manager may have given the priority, and taken the right to change it. Or the thread has ended.
    }
  }
}

/** 0 is the one that asks. */
function threads(): number[] {
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    return [0];
  }
}
