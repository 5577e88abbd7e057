/**
 * What a process has from the one that forked it. The kernel reports no forks here; it follows from the times: a child has
 * what its parent's variable held when the child started.
 */
import type { Scene } from '../events/scene.js';
import type { Value } from '../secl/index.js';
import { processOwner } from './owners.js';
import type { VariableStore } from './variables.js';

export function inheritedValue(name: string, { record, lineage }: Scene, store: VariableStore): Value | undefined {
  let born = record.start;
  for (const { pid, start } of lineage.ancestors) {
    if (start === undefined) return undefined;
    const found = store.find(processOwner(pid, start), name, record.time);
    if (found?.inherited === true && found.since <= born) return found.value;
    // Set after the fork: then what the parent itself has from above may still be the child's.
    born = start;
  }
  return undefined;
}
