/** The journal as the configuration wants it, and what it has to say in the log. */
import { Journal, type JournalChange, JournalDirectory } from '../telemetry/journal/index.js';
import type { AgentLog } from '../telemetry/log.js';
import type { LineSink } from '../telemetry/sink.js';
import type { Config } from './config.js';

/** Undefined where none is wanted. `log` is asked for when there is something to say, since it writes to the journal itself. */
export function eventJournal(config: Config['journal'], sink: LineSink, log: () => AgentLog): Journal | undefined {
  const { directory, size, sync } = config;
  switch (directory.at) {
    case 'nowhere':
      return undefined;
    case 'path':
      return new Journal(new JournalDirectory(directory.path), sink, {
        size,
        sync,
        onChange: (change) => say(log(), change, directory.path),
      });
  }
}

function say(log: AgentLog, change: JournalChange, directory: string): void {
  switch (change.change) {
    case 'failed': {
      const text = `The journal in ${directory} takes no events; the log alone has them until it does. ${change.message}`;
      log.error('journal-failed', text, { directory, code: change.code });
      return;
    }
    case 'recovered':
      log.info('journal-recovered', `The journal takes events again; ${change.lines} lines are missing in it.`, {
        directory,
        lines: change.lines,
      });
      return;
    case 'resumed': {
      const { segment, offset } = change;
      log.info('journal-resumed', 'The log gets what the agent before did not bring to it.', {
        directory,
        segment,
        offset,
      });
      return;
    }
    case 'overtaken': {
      const text = `The journal is full of events that the log does not take; ${change.lines} of them had to go.`;
      log.error('journal-overtaken', text, { directory, lines: change.lines });
      return;
    }
    case 'unreadable': {
      const { code, segment, bytes, lines } = change;
      const text = `${bytes} bytes of the journal could not be read back (${code}): about ${lines} events are missing in the log.`;
      log.error('journal-unreadable', text, { directory, code, segment, bytes, lines });
    }
  }
}
