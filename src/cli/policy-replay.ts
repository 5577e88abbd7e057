/** `portcullis policy replay`: what a policy would have done about execs that were recorded. */
import { Command } from 'commander';
import { whyUnreadable } from '../policy/why-unreadable.js';
import { type Replay, replay } from '../rollout/replay/replay.js';
import { load } from './load.js';
import { count, print, printDiagnostics, printJson, styleOf } from './output.js';
import { acts } from './plan-words.js';
import { withHelp } from './policy-help.js';
import { type Invocation, type Io, UsageError } from './verb.js';

const description = `say what policies would have done about recorded execs, before anyone publishes them

Events are lines of JSON as the log and the journal have them, in a file or in a directory of files, also compressed (.gz).
Rules count as in mode enforce. What an event does not carry is unknown; so is what a variable held. Only what was
recorded can be replayed: a rule that reports every exec (\`exec.file.path != ""\`) records all of them.`;

/** Programs that are shown of a rule; --json has all. */
const shown = 10;

export function policyReplay({ io, finish }: Invocation): Command {
  const command = new Command('replay')
    .summary('say what policies would have done about recorded execs')
    .description(description)
    .argument('<file...>', 'policy files, or directories of *.policy files')
    .requiredOption('--events <path>', 'recorded events: a file, or a directory of files')
    .option('--json', 'print JSON')
    .action(async (paths: string[], { events, json }: { events: string; json?: true }) => {
      const { ruleset, plan } = await load(paths);
      const errors = ruleset.diagnostics.filter(({ severity }) => severity === 'error');
      printDiagnostics(io.stderr, errors, io.env);
      const result = await read(events, plan.rules);
      if (result.stopped > 0 || errors.length > 0) finish(1);
      if (json) printJson(io.stdout, result);
      else printReplay(result, io);
    });
  return withHelp(command, {
    examples: ['portcullis policy replay new.policy --events /var/lib/portcullis/journal'],
    status: { 0: 'it would have stopped nothing', 1: 'it would have stopped something, or a rule did not load' },
  });
}

async function read(path: string, rules: Parameters<typeof replay>[1]): Promise<Replay> {
  try {
    return await replay(path, rules);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined || !/^E[A-Z]+$|^Z_/.test(code)) throw error;
    throw new UsageError(`Cannot read ${path}: ${whyUnreadable(error)}.`);
  }
}

function printReplay({ rules, execs, stopped, others, malformed, folded }: Replay, io: Io): void {
  const style = styleOf(io.stdout, io.env);
  for (const { rule, act, execs: met, unknown, programs } of rules) {
    if (met === 0 && unknown === 0) continue;
    print(
      io.stdout,
      `${style.strong(rule)}  ${count(met, 'exec')} ${acts[act]}${unknown > 0 ? `; ${unknown} unknown` : ''}`,
    );
    for (const { program, execs: number, example } of programs.slice(0, shown)) {
      print(io.stdout, `  ${String(number).padStart(6)}  ${program}  ${style.faint(example)}`);
    }
    if (programs.length > shown) print(io.stdout, `          and ${programs.length - shown} more programs`);
    print(io.stdout, '');
  }
  const notes = [
    ...(others > 0 ? [`${others} other events left out`] : []),
    ...(folded > 0 ? [`${folded} repeated`] : []),
    ...(malformed > 0 ? [`${malformed} lines not readable`] : []),
  ];
  print(
    io.stdout,
    `${stopped} of ${count(execs, 'exec')} would have been stopped${notes.map((note) => `; ${note}`).join('')}`,
  );
}
