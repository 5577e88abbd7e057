/** A host for kills, and an engine over it. */
import type { ScopeKiller } from '../../src/rules/cgroup-kill/scope-killer.js';
import type { Processes } from '../../src/rules/kill.js';

/** A host without control groups. */
export const noScopes: Pick<ScopeKiller, 'end'> = {
  end: async () => ({ status: 'refused', why: 'there are no control groups' }),
};

/** A host without processes. */
export const noProcesses: Processes = {
  self: 77,
  isProtected: (pid) => pid === 1 || pid === 77,
  open: () => {
    throw Object.assign(new Error('no such process'), { code: 'ESRCH' });
  },
  start: () => undefined,
  binary: () => undefined,
  now: () => 0n,
};
