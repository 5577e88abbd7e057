/** Whose a variable is, on one event. */
import type { Scene } from '../events/scene.js';
import type { VariableScope } from '../policy/ruleset.js';
import { globalOwner, type Owner } from './variables.js';

/** `none`: an event on the host has no container. `unknown`: it could not be told. */
export type OwnerFound = { found: 'owner'; owner: Owner } | { found: 'none' } | { found: 'unknown' };

export function ownerOf(scope: VariableScope, scene: Scene): OwnerFound {
  const { record, place } = scene;
  switch (scope) {
    case 'global':
      return { found: 'owner', owner: globalOwner };
    case 'process':
      return { found: 'owner', owner: processOwner(record.pid, record.start) };
    case 'cgroup':
      return record.cgroup === 0n ? { found: 'unknown' } : { found: 'owner', owner: `cgroup ${record.cgroup}` };
    case 'container': {
      const container = place.container();
      if (container === 'unknown') return { found: 'unknown' };
      return container === undefined ? { found: 'none' } : { found: 'owner', owner: `container ${container.id}` };
    }
  }
}

/** A pid alone may be another process tomorrow. /proc knows the start to 10 ms only, so that is what counts. */
export function processOwner(pid: number, start: bigint): Owner {
  return `process ${pid} ${start / 10_000_000n}`;
}

/** The process that a `scope_field` names: the event's own, or one above it. */
export function namedProcess(pid: number, scene: Scene): OwnerFound {
  const { record, lineage } = scene;
  if (pid === record.pid) return { found: 'owner', owner: processOwner(pid, record.start) };
  const start = lineage.ancestors.find((facts) => facts.pid === pid)?.start;
  return start === undefined ? { found: 'unknown' } : { found: 'owner', owner: processOwner(pid, start) };
}
