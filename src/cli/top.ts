/** `portcullis top`: verdicts a second, the hottest rules, the cost of the kernel programs, the slowest events. */
import { setTimeout as wait } from 'node:timers/promises';
import { Command } from 'commander';
import type { TopReport } from '../telemetry/control/reports.js';
import { type SocketOption, socketOf, withClient, withSocket } from './control-client.js';
import { print, printJson, styleOf } from './output.js';
import { ratesBetween, topText } from './top-text.js';
import { type Invocation, type Io, UsageError } from './verb.js';

interface Options extends SocketOption {
  readonly interval: string;
  readonly count?: string;
  readonly json?: true;
}

export function topVerb({ io }: Invocation): Command {
  const command = new Command('top')
    .description('live: verdicts a second, hottest rules, cost of the kernel programs, slowest events')
    .option('--interval <seconds>', 'seconds between two looks, 0.1 to 60', '1')
    .option('--count <number>', 'so many looks; without it until interrupted')
    .option('--json', 'print the rates as one line of JSON a look')
    .action((options: Options) => watch(options, io));
  return withSocket(command);
}

async function watch({ interval, count = 'Infinity', json, ...options }: Options, io: Io): Promise<void> {
  const seconds = numberIn(interval, '--interval', 0.1, 60);
  const looks = count === 'Infinity' ? Number.POSITIVE_INFINITY : numberIn(count, '--count', 1, 1e9);
  const isTerminal = 'isTTY' in io.stdout && io.stdout.isTTY === true;
  const path = socketOf(options, io);
  let before = await look(path);
  for (let done = 0; done < looks; done++) {
    await wait(seconds * 1_000);
    const now = await look(path);
    const rates = ratesBetween(before, now);
    before = now;
    if (json) printJson(io.stdout, rates);
    else {
      // Home and clear: only where somebody looks at one screen.
      if (isTerminal) io.stdout.write('\u001b[H\u001b[2J');
      print(io.stdout, topText(rates, styleOf(io.stdout, io.env)));
    }
  }
}

/** A connection each: the agent does not keep one that is silent for long. */
function look(path: string): Promise<TopReport> {
  return withClient(path, (client) => client.ask<TopReport>({ verb: 'top' }));
}

function numberIn(text: string, option: string, least: number, most: number): number {
  const number = Number(text);
  if (text.trim() === '' || !(number >= least && number <= most)) {
    throw new UsageError(`${option} takes a number from ${least} to ${most}.`);
  }
  return number;
}
