/** The command line: finds the verb, runs it, and turns what happened into an exit status. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { CompileError } from '../compiler/errors.js';
import { FetchError, PublishError } from '../rollout/errors.js';
import { NotRunningError, RefusedError } from './control-client.js';
import { print } from './output.js';
import { type ExitStatus, type Invocation, type Io, UsageError, type Verb } from './verb.js';

/** One verb a line. Only the one that is asked for is loaded: the agent keeps what it loads in memory. */
const verbs: Readonly<Record<string, () => Promise<Verb>>> = {
  run: async () => (await import('./run.js')).runVerb,
  status: async () => (await import('./status.js')).statusVerb,
  events: async () => (await import('./events.js')).eventsVerb,
  processes: async () => (await import('./processes.js')).processesVerb,
  top: async () => (await import('./top.js')).topVerb,
  off: async () => (await import('./switch.js')).offVerb,
  unlock: async () => (await import('./unlock.js')).unlockVerb,
  on: async () => (await import('./switch.js')).onVerb,
  rule: async () => (await import('./rule.js')).ruleVerb,
  reload: async () => (await import('./reload.js')).reloadVerb,
  metrics: async () => (await import('./metrics.js')).metricsVerb,
  config: async () => (await import('./config.js')).configVerb,
  policy: async () => (await import('./policy.js')).policyVerb,
  rollout: async () => (await import('./rollout.js')).rolloutVerb,
  limits: async () => (await import('./limits.js')).limitsVerb,
};

/** Runs one command line; `args` are the words after the program's name. Never throws on what a user wrote. */
export async function commandLine(args: readonly string[], io: Io): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  const finish = (wanted: ExitStatus) => {
    status = wanted;
  };
  const program = await programOf(args, { io, finish });
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

/** The command with its verbs: all of them, unless `args` begin with one. */
export async function programOf(args: readonly string[], invocation: Invocation): Promise<Command> {
  const program = new Command('portcullis')
    .description('Active Protection for Linux: SECL policies decided inside the kernel')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [verb]', 'print the help of a verb')
    .showHelpAfterError('(see --help)');
  for (const verb of await asked(args)) program.addCommand(verb(invocation));
  prepare(program, invocation.io);
  return program;
}

/** The verb that comes first; all of them where none does, for help and for what was misspelt. */
function asked([first = '']: readonly string[]): Promise<Verb[]> {
  const wanted = Object.hasOwn(verbs, first) ? [verbs[first]!] : Object.values(verbs);
  return Promise.all(wanted.map((load) => load()));
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
