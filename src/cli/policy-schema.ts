/** `portcullis policy schema`: the JSON Schema of policy files. */
import { Command } from 'commander';
import { policySchema } from '../policy/index.js';
import { print } from './output.js';
import { withHelp } from './policy-help.js';
import type { Invocation } from './verb.js';

export function policySchemaVerb({ io }: Invocation): Command {
  const command = new Command('schema')
    .description('print the JSON Schema of policy files, with which editors complete and check them')
    .option('--json', 'print JSON, which it is anyway')
    .action(() => print(io.stdout, JSON.stringify(policySchema(), null, 2)));
  return withHelp(command, {
    examples: ['portcullis policy schema > policy.schema.json'],
    status: { 0: 'printed' },
  });
}
