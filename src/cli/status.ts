/** `portcullis status`: what is in force on this host, and what of it falls short. */
import { Command } from 'commander';
import type { StatusReport } from '../telemetry/control/reports.js';
import { type SocketOption, socketOf, withClient, withSocket } from './control-client.js';
import { print, printJson, styleOf } from './output.js';
import { statusText } from './status-text.js';
import type { Invocation } from './verb.js';

interface Options extends SocketOption {
  readonly json?: true;
}

export function statusVerb({ io }: Invocation): Command {
  const command = new Command('status')
    .description('what the agent has in force: tier, policy, rules, verdicts, losses')
    .option('--json', 'print JSON')
    .action(async ({ json, ...options }: Options) => {
      const report = await withClient(socketOf(options, io), (client) => client.ask<StatusReport>({ verb: 'status' }));
      if (json) return printJson(io.stdout, report);
      print(io.stdout, statusText(report, styleOf(io.stdout, io.env)));
    });
  return withSocket(command);
}
