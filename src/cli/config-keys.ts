/** `portcullis config keys`: every key of the configuration; docs/configuration.md is made by it. */
import { Command } from 'commander';
import { type Setting, settings } from '../agent/config-schema.js';
import { limits } from '../agent/limits.js';
import { defaultConfigFile } from '../agent/package.js';
import { print, printJson, table } from './output.js';
import type { Invocation } from './verb.js';

interface Options {
  readonly json?: true;
  readonly markdown?: true;
}

export function configKeys({ io }: Invocation): Command {
  return new Command('keys')
    .description('every key of the configuration: what it takes, its default and its meaning')
    .option('--markdown', 'print the page docs/configuration.md')
    .option('--json', 'print JSON')
    .action(({ json, markdown }: Options) => {
      if (markdown) return void io.stdout.write(page());
      if (json) {
        const facts = settings.map(({ key, variable, option = null, takes, about, change, initial, initialText }) => {
          return { key, variable, option, takes, default: initialText ?? initial?.() ?? null, change, about };
        });
        return printJson(io.stdout, facts);
      }
      const rows = settings.map((setting) => [
        setting.key,
        plain(setting.takes),
        plain(defaultOf(setting)),
        setting.about,
      ]);
      print(io.stdout, table([['KEY', 'TAKES', 'DEFAULT', 'MEANING'], ...rows]));
    });
}

const introduction = `# Configuration

This page is made by \`portcullis config keys --markdown\`.

One YAML file, \`${defaultConfigFile}\` if it exists, or the one that \`portcullis run --config\` names. All keys are optional. A value
comes from the last of these that gives one:

1. the default,
2. the file,
3. the environment variable of the key,
4. the option of \`portcullis run\`, where the key has one.

\`portcullis config show\` prints every value and where it comes from; \`portcullis config check FILE\` prints everything that is wrong with a
file, with line and column. Nothing starts with a configuration that has a mistake in it: an unknown key is refused with the one that was
probably meant, and so are a wrong value, a key given twice, and YAML aliases. The file may have ${limits.configBytes.value} bytes.

A variable is written as the file writes a value: \`PORTCULLIS_POLICIES='[/etc/a, /etc/b]'\`; a list of one element may leave out the brackets.
A variable that begins with \`PORTCULLIS_\` and belongs to no key is ignored; where it is nearly one of these, standard error says so.

## Keys

| key | takes | default | changes at | meaning |
|---|---|---|---|---|
`;

const reload = `
## When a change takes effect

\`SIGHUP\` and \`portcullis reload\` read the file again. Keys that change at a *reload* are in force afterwards, and the log line \`config-changed\`
names them. The others wait: \`config-waits\` names them until the agent is restarted, which
[operations.md](operations.md#keys-that-wait-for-a-restart) does without a gap in what is decided. A file with a mistake in it changes nothing;
neither does one whose policies are refused. Environment and options are those with which the agent was started.

## Environment variables and options

| key | variable | option of \`portcullis run\` |
|---|---|---|
`;

function page(): string {
  const keys = settings.map((setting) => {
    const { key, takes, change, about } = setting;
    return `| \`${key}\` | ${cell(takes)} | ${cell(defaultOf(setting))} | ${change} | ${cell(about)} |\n`;
  });
  const names = settings.map(({ key, variable, option }) => {
    return `| \`${key}\` | \`${variable}\` | ${option === undefined ? '' : `\`${option}\``} |\n`;
  });
  return `${introduction}${keys.join('')}${reload}${names.join('')}`;
}

function defaultOf({ initial, initialText }: Setting): string {
  if (initialText !== undefined) return initialText;
  const value = initial?.();
  if (Array.isArray(value) && value.length === 0) return 'none';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** Without the marks of the page. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}
