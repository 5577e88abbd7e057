/** The command line: finds the verb, runs it, and turns what happened into an exit status. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { CompileError } from '../compiler/index.js';
import { FetchError, PublishError } from '../rollout/errors.js';
import { configVerb } from './config.js';
import { NotRunningError, RefusedError } from './control-client.js';
import { eventsVerb } from './events.js';
import { limitsVerb } from './limits.js';
import { metricsVerb } from './metrics.js';
import { print } from './output.js';
import { policyVerb } from './policy.js';
import { processesVerb } from './processes.js';
import { reloadVerb } from './reload.js';
import { rolloutVerb } from './rollout.js';
import { ruleVerb } from './rule.js';
import { runVerb } from './run.js';
import { statusVerb } from './status.js';
import { offVerb, onVerb } from './switch.js';
import { topVerb } from './top.js';
import { type ExitStatus, type Io, UsageError, type Verb } from './verb.js';

/** One verb a line. */
const verbs: readonly Verb[] = [
  runVerb,
  statusVerb,
  eventsVerb,
  processesVerb,
  topVerb,
  offVerb,
  onVerb,
  ruleVerb,
  reloadVerb,
  metricsVerb,
  configVerb,
  policyVerb,
  rolloutVerb,
  limitsVerb,
];

/** Runs one command line; `args` are the words after the program's name. Never throws on what a user wrote. */
export async function commandLine(args: readonly string[], io: Io): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  const finish = (wanted: ExitStatus) => {
    status = wanted;
  };
  const program = new Command('portcullis')
    .description('Active Protection for Linux: SECL policies decided inside the kernel')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [verb]', 'print the help of a verb')
    .showHelpAfterError('(see --help)');
  for (const verb of verbs) program.addCommand(verb({ io, finish }));
  prepare(program, io);
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof UsageError) {
      print(io.stderr, `portcullis: ${error.message}`);
      return 2;
    }
    if (error instanceof NotRunningError) {
      print(io.stderr, `portcullis: ${error.message}`);
      return 3;
    }
    if (error instanceof RefusedError) {
      print(io.stderr, `portcullis: ${error.message}`);
      return 1;
    }
    if (error instanceof CompileError) {
      print(io.stderr, `portcullis: the rules cannot be compiled: ${error.message}`);
      return 1;
    }
    if (error instanceof PublishError || error instanceof FetchError) {
      print(io.stderr, `portcullis: ${error.message}`);
      return 1;
    }
    throw error;
  }
}

/** Every command writes to the given streams and throws instead of ending the process. */
function prepare(command: Command, io: Io): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
  });
  for (const child of command.commands) prepare(child, io);
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
