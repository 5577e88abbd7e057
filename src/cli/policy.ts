/** `portcullis policy`: what can be done with policy files without an agent. */
import { Command } from 'commander';
import { policyCheck } from './policy-check.js';
import { policyDiff } from './policy-diff.js';
import { policyEval } from './policy-eval.js';
import { policyExplain } from './policy-explain.js';
import { policyFields } from './policy-fields.js';
import { policyFmt } from './policy-fmt.js';
import { policyReplay } from './policy-replay.js';
import { policySchemaVerb } from './policy-schema.js';
import { policyTest } from './policy-test.js';
import type { Invocation } from './verb.js';

export function policyVerb(invocation: Invocation): Command {
  return new Command('policy')
    .description('check, explain, test, compare and lay out policies')
    .addCommand(policyCheck(invocation))
    .addCommand(policyExplain(invocation))
    .addCommand(policyEval(invocation))
    .addCommand(policyTest(invocation))
    .addCommand(policyFmt(invocation))
    .addCommand(policyDiff(invocation))
    .addCommand(policyReplay(invocation))
    .addCommand(policyFields(invocation))
    .addCommand(policySchemaVerb(invocation));
}
