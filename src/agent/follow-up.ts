/** What actions ask for after an event was decided: lines in the log, hashes in the event. Nothing here is urgent. */
import type { EventJson } from '../events/event.js';
import type { MadeEvent } from '../events/maker.js';
import type { FileHasher } from '../rules/hasher.js';
import type { AgentLog } from '../telemetry/log.js';

export async function followUp(made: MadeEvent, log: AgentLog, hasher: FileHasher): Promise<void> {
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
  if (field === 'process.parent.file') return event.process.parent?.executable;
  return event.file;
}
