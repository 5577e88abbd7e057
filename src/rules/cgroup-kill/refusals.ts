/** Control groups that are never ended, whatever a rule says. */
import { isWithin } from './cgroup.js';

/** Why a control group is not ended; undefined: it may be. `own`: the agent's. */
export function refusalOf(path: string, own: string | undefined): string | undefined {
  if (path === '/') return 'the root control group holds the whole host';
  if (path === '/init.scope') return 'init.scope holds the service manager of the host';
  if (own === undefined || isWithin(own, path)) return `the agent itself runs in ${path}`;
  return undefined;
}
