/** `portcullis policy check`: does it load, and is anything doubtful. */
import { Command } from 'commander';
import type { Diagnostic } from '../policy/index.js';
import { load } from './load.js';
import { count, print, printDiagnostics, printJson, styleOf } from './output.js';
import { withHelp } from './policy-help.js';
import type { Invocation } from './verb.js';

interface Options {
  readonly strict?: true;
  readonly json?: true;
}

export function policyCheck({ io, finish }: Invocation): Command {
  const command = new Command('check')
    .description('load policies and say what is wrong or doubtful about them')
    .argument('<file...>', 'policy files, or directories of *.policy files')
    .option('--strict', 'refuse && beside || without parentheses, and fail on warnings')
    .option('--json', 'print JSON')
    .action(async (paths: string[], { strict, json }: Options) => {
      const { ruleset, files } = await load(paths, { mixedLogical: strict ? 'refuse' : 'warn', lints: 'report' });
      const errors = ruleset.diagnostics.filter(isError).length;
      const warnings = ruleset.diagnostics.length - errors;
      const ok = errors === 0 && (!strict || warnings === 0);
      if (!ok) finish(1);
      if (json) {
        const { rules, diagnostics } = ruleset;
        return printJson(io.stdout, { ok, files, rules: rules.map(({ id }) => id), errors, warnings, diagnostics });
      }
      printDiagnostics(io.stdout, ruleset.diagnostics, io.env);
      const style = styleOf(io.stdout, io.env);
      const loaded = `${count(ruleset.rules.length, 'rule')} from ${count(files.length, 'file')}`;
      const found = `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
      print(io.stdout, `${ok ? style.strong('ok') : style.error('not ok')}: ${loaded}; ${found}`);
    });
  return withHelp(command, {
    examples: ['portcullis policy check --strict policies'],
    status: { 0: 'everything loads', 1: 'something was refused, or with --strict doubtful' },
  });
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}
