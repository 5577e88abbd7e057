/** `portcullis reload`: configuration and policies are read again; 1 when the old ones stay in force. */
import { Command } from 'commander';
import { hostPolicies } from '../agent/package.js';
import type { ReloadResult } from '../telemetry/metrics.js';
import { type SocketOption, socketOf, withClient, withSocket } from './control-client.js';
import { print } from './output.js';
import type { Invocation } from './verb.js';

const sentences: Readonly<Record<ReloadResult, string>> = {
  done: 'The new policy is in force.',
  partial: 'The new policy is in force without the rules that have errors; the log names them.',
  refused: `The old policy stays in force; the log says why, and so does \`portcullis policy check ${hostPolicies}\`.`,
};

export function reloadVerb({ io, finish }: Invocation): Command {
  const command = new Command('reload')
    .description('read configuration and policies again; 1 when the old ones stay in force')
    .action(async (options: SocketOption) => {
      const result = await withClient(socketOf(options, io), (client) => client.ask<ReloadResult>({ verb: 'reload' }));
      if (result !== 'done') finish(1);
      print(result === 'done' ? io.stdout : io.stderr, sentences[result]);
    });
  return withSocket(command);
}
