import type { Processes } from '../rules/kill.js';

/** The same processes, of which more are never acted on. */
export function sparing(processes: Processes, spares: (pid: number) => boolean): Processes {
  return {
    self: processes.self,
    isProtected: (pid) => processes.isProtected(pid) || spares(pid),
    open: (pid) => processes.open(pid),
    start: (pid) => processes.start(pid),
    binary: (pid) => processes.binary(pid),
    now: () => processes.now(),
  };
}
