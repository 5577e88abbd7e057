/** `portcullis rule NAME MODE`: a rule's mode while the agent runs, without a reload. */
import { Argument, Command } from 'commander';
import type { WantedMode } from '../telemetry/control/protocol.js';
import type { RuleReport } from '../telemetry/control/reports.js';
import { type SocketOption, socketOf, withClient, withSocket } from './control-client.js';
import { print } from './output.js';
import type { Invocation } from './verb.js';

const description = `switch a rule's mode, from the next exec on

The mode holds until the agent ends, over reloads too; \`policy\` gives the rule back to its policy.`;

export function ruleVerb({ io }: Invocation): Command {
  const command = new Command('rule')
    .summary("switch a rule's mode")
    .description(description)
    .argument('<name>', 'id of the rule')
    .addArgument(new Argument('<mode>', 'what it is to do').choices(['monitor', 'enforce', 'policy']))
    .action(async (rule: string, mode: WantedMode, options: SocketOption) => {
      const report = await withClient(socketOf(options, io), (client) =>
        client.ask<RuleReport>({ verb: 'rule', rule, mode }),
      );
      const written = report.mode === report.policyMode ? '' : ` Its policy says ${report.policyMode}.`;
      print(io.stdout, `The rule ${report.id} is in mode ${report.mode}.${written}`);
    });
  return withSocket(command);
}
