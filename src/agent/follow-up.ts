/** What actions ask for after an event was decided: lines in the log, hashes in the event. Nothing here is urgent. */
import { statusWithScope } from '../events/decision.js';
import type { EventJson, StoppedJson } from '../events/event.js';
import type { MadeEvent } from '../events/maker.js';
import type { ScopeReport } from '../events/rule-run.js';
import type { FileHasher } from '../rules/hasher.js';
import { fromBytes, showBytes } from '../secl/bytes.js';
import type { AgentLog } from '../telemetry/log.js';

/** Most events have none. */
export function hasFollowUps({ decision, followUps }: MadeEvent): boolean {
  return followUps.length > 0 || decision.actions.some(({ scope }) => scope !== undefined);
}

export async function followUp(made: MadeEvent, log: AgentLog, hasher: FileHasher): Promise<void> {
  await tellScopes(made, log);
  for (const followUp of made.followUps) {
    switch (followUp.follow) {
      case 'log':
        log.rule(followUp.level, followUp.rule.id, followUp.message);
        break;
      case 'hash': {
        const { field } = followUp.file;
        const { event } = made;
        if (event === undefined) break;
        const file = hashedPart(event, field);
        if (file === undefined || file.hash_state === 'done') break;
        const { state, hashes } = await hasher.hash(followUp.file, followUp.bytes);
        file.hash_state = state;
        if (hashes.length > 0) file.hashes = hashes;
      }
    }
  }
}

/** Where the hashes of a file stand in the event. */
function hashedPart(event: EventJson, field: string): EventJson['file'] | undefined {
  if (field.endsWith('.interpreter.file')) return event.process.interpreter;
  if (field === 'process.parent.file') return ownParent(event)?.executable;
  return event.file;
}

/** The parent is the same in many events; what is found out for this one must not stand in the others. */
function ownParent({ process }: EventJson): EventJson['process']['parent'] {
  const { parent } = process;
  process.parent = parent && { ...parent, ...(parent.executable && { executable: { ...parent.executable } }) };
  return process.parent;
}

/** Waits for kills of more than the process, and says in the event what they stopped. */
async function tellScopes({ decision, event }: MadeEvent, log: AgentLog): Promise<void> {
  for (const [index, { action, rule = decision.decisive?.rule, status, scope }] of decision.actions.entries()) {
    if (scope === undefined || action.action !== 'kill') continue;
    const report = await scope;
    const told = event?.agent.rule_actions[index];
    if (told !== undefined) {
      told.status = statusWithScope(status, report);
      told.why ??= report.why;
      told.stopped = stoppedJson(report);
    }
    if (report.status === 'performed') continue;
    const { cgroup, why } = report;
    const text = `The rest of the ${action.scope} was not ended: ${why}.`;
    log.error('kill-scope', text, { rule: rule?.id, scope: action.scope, cgroup: cgroup && showBytes(cgroup) });
  }
}

function stoppedJson({ cgroup, by, processes, pids, spared, struck, ended }: ScopeReport): StoppedJson | undefined {
  if (cgroup === undefined) return undefined;
  const others = spared?.length === 0 ? undefined : spared;
  return { cgroup: fromBytes(cgroup), by, processes, pids, spared: others, struck_ns: struck, ended_ns: ended };
}
