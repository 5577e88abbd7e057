/** `portcullis policy diff`: in words, what changes in what is enforced. */
import { Command } from 'commander';
import { load } from './load.js';
import { count, print, printDiagnostics, printJson, styleOf } from './output.js';
import { acts, places } from './plan-words.js';
import { withHelp } from './policy-help.js';
import { type Change, diffRules, type ListChange } from './ruleset-diff.js';
import type { Invocation, Io } from './verb.js';

const description = `say in words what changes in what is enforced

Both sides are policies, or directories of them. Only what the rules do counts: layout, comments, descriptions and tags do
not. A rule that does not load is not there.`;

export function policyDiff({ io, finish }: Invocation): Command {
  const command = new Command('diff')
    .summary('say in words what changes in what is enforced')
    .description(description)
    .argument('<before>', 'a policy file or a directory')
    .argument('<after>', 'a policy file or a directory')
    .option('--json', 'print JSON')
    .action(async (before: string, after: string, { json }: { json?: true }) => {
      const [old, now] = [await load([before]), await load([after])];
      const changes = diffRules(old.plan.rules, now.plan.rules);
      if (changes.length > 0) finish(1);
      if (json) return printJson(io.stdout, { same: changes.length === 0, changes });
      for (const { ruleset } of [old, now]) {
        printDiagnostics(
          io.stderr,
          ruleset.diagnostics.filter(({ severity }) => severity === 'error'),
          io.env,
        );
      }
      printChanges(changes, io);
    });
  return withHelp(command, {
    examples: ['portcullis policy diff policies/cryptominer.policy new.policy'],
    status: { 0: 'the same is enforced', 1: 'something differs' },
  });
}

/** What changes, rule by rule, and how many there are. */
export function printChanges(changes: readonly Change[], { stdout, env }: Io): void {
  const style = styleOf(stdout, env);
  const rules = new Set(changes.map((change) => change.rule));
  for (const rule of rules) {
    print(stdout, style.strong(rule));
    for (const change of changes.filter((each) => each.rule === rule)) {
      for (const line of tell(change)) print(stdout, `  ${line}`);
    }
    print(stdout, '');
  }
  print(stdout, changes.length === 0 ? 'the same is enforced' : `${count(rules.size, 'rule')} changed`);
}

function tell(change: Change): string[] {
  switch (change.change) {
    case 'added':
      return [`is new: ${acts[change.act]}, decided ${places[change.place]}`, ...indented(change.expression)];
    case 'removed':
      return [`is gone; it was ${acts[change.act]}, decided ${places[change.place]}`, ...indented(change.expression)];
    case 'act':
      return [`what it hits is now ${acts[change.after]}; it was ${acts[change.before]}`];
    case 'mode':
      return [`its mode is now ${change.after}, it was ${change.before}; what it does is the same`];
    case 'place':
      return [`decides now ${places[change.after]}; it did ${places[change.before]}`, `  ${change.why}`];
    case 'actions':
      return [`its actions are now ${names(change.after)}; they were ${names(change.before)}`];
    case 'expression':
      return tellExpression(change);
  }
}

function tellExpression({ before, after, through, lists }: Extract<Change, { change: 'expression' }>): string[] {
  const what = lists.flatMap(tellList);
  if (through === 'a macro') return ['a macro it uses says something else', ...indented(after), ...what];
  if (lists.length > 0) return ['its expression says something else', ...what];
  return ['its expression is now', ...indented(after), 'it was', ...indented(before)];
}

function tellList({ field, added, removed }: ListChange): string[] {
  return [
    ...(added.length > 0 ? [`  ${field}: new ${added.join(', ')}`] : []),
    ...(removed.length > 0 ? [`  ${field}: no longer ${removed.join(', ')}`] : []),
  ];
}

function names(actions: readonly string[]): string {
  return actions.length === 0 ? 'none' : actions.join(', ');
}

function indented(expression: string): string[] {
  return expression.split('\n').map((line) => `    ${line}`);
}
