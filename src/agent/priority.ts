/** Where in the queue for a processor the agent stands. */
import { getPriority, setPriority } from 'node:os';
import { limits } from './limits.js';

/**
 * Ahead of ordinary processes, so that those of a fork bomb do not keep the agent from ending it. Threads that are begun
 * afterwards have it too. Where that is not permitted the agent stays where it is.
 */
export function goAhead(): void {
  const wanted = -limits.niceness.value;
  try {
    if (getPriority() > wanted) setPriority(wanted);
  } catch {
    // A service manager may have given the priority, and taken the right to change it.
  }
}
