/** `portcullis run`: the agent in the foreground, as a service manager wants it. */
import { Command, Option } from 'commander';
import { ConfigError } from '../agent/config-error.js';
import { FollowedConfig } from '../agent/config-follow.js';
import { readConfig } from '../agent/config-layers.js';
import { tierNames } from '../agent/config-schema.js';
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
      const { realWorld, run } = await import('../agent/run.js');
      const { config: file, readyFile, ...options } = flags;
      const followed = usage(() => new FollowedConfig(() => readConfig({ file, environment: io.env, options })));
      for (const remark of followed.remarks) print(io.stderr, `portcullis: ${remark}`);
      try {
        const ended = await run(followed.config, readyFile === undefined ? {} : { readyFile }, realWorld(followed));
        switch (ended.outcome) {
          case 'stopped':
            return;
          case 'switched-off':
            print(io.stdout, 'portcullis: not started, because the kernel was booted with portcullis=off');
            return;
          case 'lost':
            print(io.stderr, `portcullis: ${ended.records} records did not reach the log`);
            break;
          case 'stop-failed':
            print(io.stderr, `portcullis: did not stop in order: ${ended.why}`);
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

/** A mistake in the configuration is a mistake of the command line, which names it. */
function usage<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    throw error;
  }
}
