/** `portcullis run`: the agent in the foreground, as a service manager wants it. */
import { Command, Option } from 'commander';
import { ConfigError, type ConfigSource, completeConfig, parseListen, tierNames } from '../agent/config.js';
import { defaultPolicies } from '../agent/package.js';
import { print } from './output.js';
import { type Invocation, UsageError } from './verb.js';

interface RunFlags {
  config?: string;
  policies?: string[];
  tier?: (typeof tierNames)[number];
  listen?: string;
  readyFile?: string;
}

export function runVerb({ io, finish }: Invocation): Command {
  return new Command('run')
    .description('enforce policies until SIGTERM; SIGHUP loads them again')
    .option('--config <file>', 'configuration; default /etc/portcullis/portcullis.yaml if it exists')
    .option('--policies <path>', 'policy file or directory, any number of times', append)
    .addOption(new Option('--tier <tier>', 'exactly this way into the kernel').choices(tierNames))
    .option('--listen <address>', 'where metrics and health are served; port 0 picks a free one')
    .option('--ready-file <file>', 'file to write when a policy is in force')
    .action(async (flags: RunFlags) => {
      // Loaded here: the addon is not needed, and perhaps not built, for the other verbs.
      const { readConfigFile, run } = await import('../agent/run.js');
      const above = fromFlags(flags);
      const config = usage(() =>
        completeConfig(readConfigFile(flags.config), above, { policies: [defaultPolicies()] }),
      );
      try {
        const ended = await run(config, flags.readyFile === undefined ? {} : { readyFile: flags.readyFile });
        switch (ended.outcome) {
          case 'stopped':
            return;
          case 'switched-off':
            print(io.stdout, 'portcullis: not started, because the kernel was booted with portcullis=off');
            return;
          case 'lost':
            print(io.stderr, `portcullis: ${ended.records} records did not reach the log`);
        }
      } catch (error) {
        print(io.stderr, `portcullis: cannot start: ${error instanceof Error ? error.message : String(error)}`);
      }
      finish(1);
    });
}

function append(path: string, before: string[] = []): string[] {
  return [...before, path];
}

function fromFlags({ policies, tier, listen }: RunFlags): ConfigSource {
  return { policies, tier, listen: listen === undefined ? undefined : usage(() => parseListen(listen)) };
}

/** A mistake in the configuration or in an option is a mistake of the command line. */
function usage<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError || error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}
