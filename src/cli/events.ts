/** `portcullis events`: what was decided, and what is. */
import { Command, Option } from 'commander';
import type { EventJson } from '../events/event.js';
import { eventVerdicts, type Request } from '../telemetry/control/protocol.js';
import { type ControlClient, type SocketOption, socketOf, withClient, withSocket } from './control-client.js';
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

export function eventsVerb({ io }: Invocation): Command {
  const command = new Command('events')
    .description('events of the past, oldest first, and with --follow those that come')
    .option('-f, --follow', 'go on with each event that comes')
    .option('--rule <id>', 'only events in which this rule holds or is unknown')
    .addOption(new Option('--verdict <verdict>', 'only events with this verdict').choices(eventVerdicts))
    .option('--since <time>', 'only events since then: 15m, 2h, 7d, or 2026-01-31T12:00:00Z')
    .option('--json', 'print each event as one line of JSON')
    .action(async (options: Options) => {
      const request = requestOf(options);
      await withClient(socketOf(options, io), (client) => printEvents(client, request, options, io));
    });
  return withSocket(command);
}

async function printEvents(client: ControlClient, request: Request, { json }: Options, io: Io): Promise<void> {
  const style = styleOf(io.stdout, io.env);
  for await (const answer of client.stream(request)) {
    if (answer.answer === 'lost') {
      print(io.stderr, `portcullis: ${count(answer.count, 'event')} left out: they came faster than this could print`);
    }
    if (answer.answer !== 'item') continue;
    if (json) printJson(io.stdout, answer.item);
    else print(io.stdout, eventText(answer.item as EventJson, style));
  }
}

function requestOf({ follow, rule, verdict, since }: Options): Request {
  const filter = {
    ...(rule !== undefined && { rule }),
    ...(verdict !== undefined && { verdict: verdict as EventJson['portcullis']['verdict'] }),
    ...(since !== undefined && { since: timeOf(since) }),
  };
  return { verb: follow ? 'follow' : 'events', ...filter };
}

function timeOf(text: string): number {
  try {
    return parseSince(text);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}
