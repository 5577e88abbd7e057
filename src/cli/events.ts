/** `portcullis events`: what was decided, and what is. From the journal where there is one, otherwise from the agent. */
import { Command, Option } from 'commander';
import type { EventJson } from '../events/event.js';
import { type EventFilter, eventVerdicts } from '../telemetry/control/protocol.js';
import { keysOf, passes } from '../telemetry/control/recent-events.js';
import { readJournal } from '../telemetry/journal/index.js';
import { ControlClient, configOf, RefusedError, type SocketOption, socketOf, withSocket } from './control-client.js';
import { eventText } from './event-text.js';
import { count, print, printJson, styleOf } from './output.js';
import { type Invocation, type Io, UsageError } from './verb.js';
import { parseSince } from './words.js';

interface Options extends SocketOption {
  readonly follow?: true;
  readonly rule?: string;
  readonly verdict?: string;
  readonly since?: string;
  readonly json?: true;
}

type Extent = 'past' | 'past-and-future';

const description = `events of the past, oldest first, and with --follow those that come

They are read from the journal, with or without an agent. Where the configuration has none, or with --socket, they come from the
agent, which keeps some thousands in memory.`;

export function eventsVerb({ io }: Invocation): Command {
  const command = new Command('events')
    .summary('events of the past, and with --follow those that come')
    .description(description)
    .option('-f, --follow', 'go on with each event that comes')
    .option('--rule <id>', 'only events in which this rule holds or is unknown')
    .addOption(new Option('--verdict <verdict>', 'only events with this verdict').choices(eventVerdicts))
    .option('--since <time>', 'only events since then: 15m, 2h, 7d, or 2026-01-31T12:00:00Z')
    .option('--json', 'print each event as one line of JSON')
    .action(async (options: Options) => {
      const filter = filterOf(options);
      const extent = options.follow ? 'past-and-future' : 'past';
      const style = styleOf(io.stdout, io.env);
      for await (const event of eventsFrom(options, filter, extent, io)) {
        if (options.json) printJson(io.stdout, event);
        else print(io.stdout, eventText(event, style));
      }
    });
  return withSocket(command);
}

async function* eventsFrom(options: Options, filter: EventFilter, extent: Extent, io: Io): AsyncGenerator<EventJson> {
  const journal = options.socket === undefined ? configOf(io).journal.directory : undefined;
  if (journal?.at !== 'path') {
    yield* fromAgent(socketOf(options, io), filter, extent, io);
    return;
  }
  try {
    yield* fromJournal(journal.path, filter, extent, io);
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ENOENT':
        // No agent has written one yet: one that runs may do without.
        yield* fromAgent(socketOf(options, io), filter, extent, io);
        return;
      case 'EACCES':
        throw new RefusedError('not-permitted', `Only root may read the journal in ${journal.path}.`);
      default:
        throw error;
    }
  }
}

async function* fromJournal(directory: string, filter: EventFilter, extent: Extent, io: Io): AsyncGenerator<EventJson> {
  const reader = readJournal({
    directory,
    since: filter.since === undefined ? undefined : new Date(filter.since),
    follow: extent === 'past-and-future' ? new AbortController().signal : undefined,
  });
  for await (const { msg, level: _, time: __, ...line } of reader) {
    if (msg !== 'event') continue;
    const event = line as unknown as EventJson;
    if (passes(keysOf(event), filter)) yield event;
  }
  const { damaged } = reader.counts;
  if (damaged > 0) print(io.stderr, `portcullis: ${count(damaged, 'line')} of the journal cannot be read`);
}

async function* fromAgent(path: string, filter: EventFilter, extent: Extent, io: Io): AsyncGenerator<EventJson> {
  const verb = extent === 'past' ? 'events' : 'follow';
  const client = await ControlClient.open(path);
  try {
    for await (const answer of client.stream({ verb, ...filter })) {
      if (answer.answer === 'lost') {
        const left = count(answer.count, 'event');
        print(io.stderr, `portcullis: ${left} left out: they came faster than this could print`);
      }
      if (answer.answer === 'item') yield answer.item as EventJson;
    }
  } finally {
    client.close();
  }
}

function filterOf({ rule, verdict, since }: Options): EventFilter {
  return {
    ...(rule !== undefined && { rule }),
    ...(verdict !== undefined && { verdict: verdict as EventJson['portcullis']['verdict'] }),
    ...(since !== undefined && { since: timeOf(since) }),
  };
}

function timeOf(text: string): number {
  try {
    return parseSince(text);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}
