/** `portcullis metrics`: the agent's metrics, or the page about them. */
import { Command } from 'commander';
import { metricsPage } from '../telemetry/metrics-page.js';
import { type SocketOption, socketOf, withClient, withSocket } from './control-client.js';
import type { Invocation } from './verb.js';

interface Options extends SocketOption {
  readonly doc?: true;
}

export function metricsVerb({ io }: Invocation): Command {
  const command = new Command('metrics')
    .description("print the running agent's metrics in the Prometheus text format")
    .option('--doc', 'print the page docs/metrics.md; needs no agent')
    .action(async ({ doc, ...options }: Options) => {
      const text = doc
        ? metricsPage()
        : await withClient(socketOf(options, io), (client) => client.ask<string>({ verb: 'metrics' }));
      io.stdout.write(text);
    });
  return withSocket(command);
}
