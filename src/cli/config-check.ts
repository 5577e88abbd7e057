/** `portcullis config check`: what is wrong with a configuration file, all of it. */
import { Command } from 'commander';
import { ConfigError } from '../agent/config-error.js';
import { type ConfigFile, readConfigFile } from '../agent/config-file.js';
import { fileOf } from '../agent/config-layers.js';
import { defaultConfigFile } from '../agent/package.js';
import { count, print } from './output.js';
import { type Invocation, UsageError } from './verb.js';

export function configCheck({ io, finish }: Invocation): Command {
  return new Command('check')
    .description('check a configuration file; 1 when something is wrong with it')
    .argument('[file]', `default ${defaultConfigFile}`)
    .action((named: string | undefined) => {
      const file = fileOf({ file: named });
      if (file === undefined) return print(io.stdout, `There is no ${defaultConfigFile}: all has its default.`);
      const { values, mistakes } = read(file);
      for (const { message } of mistakes) print(io.stderr, message);
      if (mistakes.length > 0) return finish(1);
      print(io.stdout, `${file}: ${count(values.length, 'key')}, nothing wrong.`);
    });
}

function read(file: string): ConfigFile {
  try {
    return readConfigFile(file);
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    throw error;
  }
}
