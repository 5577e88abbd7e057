/** A host for kills, and an engine over it. */
import type { Processes } from '../../src/rules/kill.js';

/** A host without processes. */
export const noProcesses: Processes = {
  self: 77,
  open: () => {
    throw Object.assign(new Error('no such process'), { code: 'ESRCH' });
  },
  start: () => undefined,
  binary: () => undefined,
  now: () => 0n,
};
