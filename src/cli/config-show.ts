/** `portcullis config show`: what holds, and who said so. */
import { Command } from 'commander';
import { ConfigError } from '../agent/config-error.js';
import {
  type ConfigEntry,
  type ConfigSources,
  type LayeredConfig,
  type Origin,
  readConfig,
} from '../agent/config-layers.js';
import { print, printJson, styleOf, table } from './output.js';
import { type Invocation, UsageError } from './verb.js';

interface Options {
  readonly config?: string;
  readonly json?: true;
}

export function configShow({ io }: Invocation): Command {
  return new Command('show')
    .description('every key, its value, and where that comes from: file, environment or default')
    .option('--config <file>', 'configuration; default /etc/portcullis/portcullis.yaml if it exists')
    .option('--json', 'print JSON')
    .action(({ config: file, json }: Options) => {
      const { entries, remarks } = read({ file, environment: io.env });
      for (const remark of remarks) print(io.stderr, `portcullis: ${remark}`);
      if (json) return printJson(io.stdout, entries.map(asJson));
      const rows = entries.map((entry) => [entry.setting.key, valueText(entry), originText(entry.origin)]);
      const [heading, ...lines] = table([['KEY', 'VALUE', 'FROM'], ...rows]).split('\n');
      const style = styleOf(io.stdout, io.env);
      print(io.stdout, [style.strong(heading!), ...lines].join('\n'));
    });
}

function read(sources: ConfigSources): LayeredConfig {
  try {
    return readConfig(sources);
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    throw error;
  }
}

function asJson({ setting: { key, change }, value = null, origin }: ConfigEntry) {
  return { key, value, origin, change };
}

function valueText({ setting, value }: ConfigEntry): string {
  if (value === undefined) return setting.initialText ?? '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function originText(origin: Origin): string {
  switch (origin.from) {
    case 'default':
      return 'default';
    case 'file':
      return `${origin.file}:${origin.line}`;
    case 'environment':
      return origin.variable;
    case 'option':
      return origin.option;
  }
}
