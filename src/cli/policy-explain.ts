/** `portcullis policy explain`: for each rule, where and when it decides, and why there. */
import { Command } from 'commander';
import type { Plan, PlannedRule } from '../compiler/index.js';
import type { Diagnostic } from '../policy/index.js';
import { load } from './load.js';
import { count, print, printDiagnostics, printJson, styleOf } from './output.js';
import { acts, places } from './plan-words.js';
import { withHelp } from './policy-help.js';
import type { Invocation } from './verb.js';

export function policyExplain({ io, finish }: Invocation): Command {
  const command = new Command('explain')
    .description('say for each rule where and when it decides, and why')
    .argument('<file...>', 'policy files, or directories of *.policy files')
    .option('--json', 'print JSON')
    .action(async (paths: string[], { json }: { json?: true }) => {
      const { ruleset, plan } = await load(paths);
      const errors = ruleset.diagnostics.filter(({ severity }) => severity === 'error');
      if (errors.length > 0) finish(1);
      if (json) return printJson(io.stdout, asJson(plan, ruleset.diagnostics));
      printDiagnostics(io.stderr, errors, io.env);
      const style = styleOf(io.stdout, io.env);
      for (const planned of plan.rules) {
        const { rule, why } = planned;
        print(io.stdout, `${style.strong(rule.id)}  ${style.faint(`${rule.policy.file}:${rule.position.line}`)}`);
        print(
          io.stdout,
          `  decides  ${places[planned.place]}${planned.prefilter ? ', on what the kernel lets through' : ''}`,
        );
        print(io.stdout, `  does     ${deeds(planned)}`);
        print(io.stdout, `  why      ${why}\n`);
      }
      const refused = refusedRules(errors);
      if (refused.length > 0) print(io.stdout, `${style.error('not loaded')}: ${refused.join(', ')}\n`);
      print(io.stdout, `${count(plan.rules.length, 'rule')}; image of ${count(plan.bytes, 'byte')}`);
      for (const { stream, automata } of plan.passes) {
        const parts = automata.map(
          ({ kind, states, patterns }) => `${kind}: ${count(patterns, 'pattern')}, ${count(states, 'state')}`,
        );
        print(io.stdout, `  ${stream}: ${parts.join('; ')}`);
      }
      if (plan.conditions > 0) print(io.stdout, `  parents and ancestors: ${count(plan.conditions, 'condition')}`);
    });
  return withHelp(command, {
    examples: ['portcullis policy explain policies/cryptominer.policy'],
    status: { 0: 'every rule was loaded and placed', 1: 'a rule was refused; the others are explained' },
  });
}

/** What the rule does in its mode, and would do if it were enforced. */
function deeds({ rule, act, inEnforce }: PlannedRule): string {
  if (act === inEnforce) return acts[act];
  return `${acts[act]} (mode: ${rule.mode}); in mode enforce: ${acts[inEnforce]}`;
}

function asJson(plan: Plan, diagnostics: readonly Diagnostic[]): unknown {
  return {
    rules: plan.rules.map(({ rule, place, act, inEnforce, why, prefilter }) => ({
      id: rule.id,
      file: rule.policy.file,
      line: rule.position.line,
      event: rule.event,
      mode: rule.mode,
      place,
      act,
      inEnforce,
      why,
      prefilter: prefilter ?? false,
    })),
    notLoaded: refusedRules(diagnostics.filter(({ severity }) => severity === 'error')),
    passes: plan.passes,
    conditions: plan.conditions,
    bytes: plan.bytes,
    diagnostics,
  };
}

function refusedRules(errors: readonly Diagnostic[]): string[] {
  return [...new Set(errors.map(({ rule }) => rule).filter((rule) => rule !== undefined))];
}
