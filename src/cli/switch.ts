/** `portcullis off` and `portcullis on`: everything is detached at once, and attached again. */
import { Command } from 'commander';
import type { StatusReport } from '../telemetry/control/reports.js';
import { type SocketOption, socketOf, withClient, withSocket } from './control-client.js';
import { print } from './output.js';
import type { Invocation, Io } from './verb.js';

export function offVerb({ io }: Invocation): Command {
  const command = new Command('off')
    .description('detach everything at once: nothing is decided, refused or killed until `portcullis on`')
    .action(async (options: SocketOption) => {
      const { enforcement } = await ask('off', options, io);
      if (enforcement.is === 'off') print(io.stdout, `Enforcement is off since ${enforcement.since}.`);
    });
  return withSocket(command);
}

export function onVerb({ io }: Invocation): Command {
  const command = new Command('on')
    .description('put the policy that was in force before `portcullis off` into force again')
    .action(async (options: SocketOption) => {
      const { rules, image } = await ask('on', options, io);
      print(io.stdout, `Enforcement is on: ${rules.length} rules, generation ${image?.generation ?? 0}.`);
    });
  return withSocket(command);
}

function ask(verb: 'off' | 'on', options: SocketOption, io: Io): Promise<StatusReport> {
  return withClient(socketOf(options, io), (client) => client.ask<StatusReport>({ verb }));
}
