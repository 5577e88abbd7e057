/** `portcullis unlock`: for a time nothing keeps root from the agent. */
import { Command } from 'commander';
import { parseDuration } from '../policy/duration.js';
import { limits } from '../telemetry/control/limits.js';
import type { SelfProtectionReport } from '../telemetry/control/reports.js';
import { type SocketOption, socketOf, withClient, withSocket } from './control-client.js';
import { print } from './output.js';
import { type Invocation, UsageError } from './verb.js';

interface Options extends SocketOption {
  for: string;
}

export function unlockVerb({ io }: Invocation): Command {
  const command = new Command('unlock')
    .description('for a time, let root end and trace the agent and reach its pins; the log says who asked')
    .option('--for <time>', 'how long, such as 60s or 5m; 0 locks again', '60s')
    .action(async (options: Options) => {
      const seconds = secondsOf(options.for);
      const report = await withClient(socketOf(options, io), (client) =>
        client.ask<SelfProtectionReport>({ verb: 'unlock', seconds }),
      );
      const text =
        report.is === 'unlocked' ? `Unlocked for ${report.seconds} s: root can end the agent.` : 'The agent is locked.';
      print(io.stdout, text);
    });
  return withSocket(command);
}

/** Throws UsageError. */
function secondsOf(text: string): number {
  const seconds = Number((parseDuration(text) ?? -1_000_000_000n) / 1_000_000_000n);
  const { value: most } = limits.unlockTime;
  if (seconds >= 0 && seconds <= most) return seconds;
  throw new UsageError(`"${text}" is no time of at most ${most / 60} minutes; write one like 60s.`);
}
