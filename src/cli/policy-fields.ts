/** `portcullis policy fields`: the field catalogue. */
import { Command } from 'commander';
import { catalogue } from '../secl/index.js';
import { allFields, type FieldFacts, placeNames } from './field-facts.js';
import { fieldPage } from './field-page.js';
import { count, print, printJson, styleOf, table } from './output.js';
import { withHelp } from './policy-help.js';
import { type Invocation, UsageError } from './verb.js';

interface Options {
  readonly event?: string;
  readonly json?: true;
  readonly markdown?: true;
}

const description = `browse the fields that expressions can name

A pattern is part of a name, or a name with stars: \`args\`, \`exec.file.*\`. DECIDES says where a rule that tests the field
can decide: in the kernel before the exec, there at the exec, in user space after the event, or not yet (waiting).`;

export function policyFields({ io, finish }: Invocation): Command {
  const command = new Command('fields')
    .summary('browse the fields that expressions can name')
    .description(description)
    .argument('[pattern]', 'part of a name, or a name with stars')
    .option('--event <type>', 'only the fields of this event; `common` are those of all events')
    .option('--markdown', 'print the page docs/fields.md')
    .option('--json', 'print JSON')
    .action((pattern: string | undefined, { event, json, markdown }: Options) => {
      if (markdown) {
        if (pattern !== undefined || event !== undefined) throw new UsageError('--markdown is about all fields.');
        io.stdout.write(fieldPage());
        return;
      }
      const found = allFields().filter((field) => matches(field, pattern, event));
      if (found.length === 0) finish(1);
      if (json) return printJson(io.stdout, found);
      if (found.length === 0) return print(io.stderr, nothing(pattern));
      const rows = found.map(({ name, type, place, event: of, description: text }) => [
        name,
        type,
        of,
        placeNames[place],
        text,
      ]);
      print(io.stdout, table([['FIELD', 'TYPE', 'EVENT', 'DECIDES', 'WHAT IT IS'], ...rows]));
      const style = styleOf(io.stdout, io.env);
      print(io.stdout, style.faint(count(found.length, 'field')));
    });
  return withHelp(command, {
    examples: ['portcullis policy fields args_', 'portcullis policy fields "exec.file.*" --json'],
    status: { 0: 'fields were found', 1: 'no field has such a name' },
  });
}

function matches({ name, event }: FieldFacts, pattern: string | undefined, wanted: string | undefined): boolean {
  if (wanted !== undefined && event !== wanted) return false;
  if (pattern === undefined) return true;
  if (!pattern.includes('*')) return name.includes(pattern);
  const parts = pattern.split('*').map((part) => part.replace(/[.[\]\\^$+?(){}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

function nothing(pattern: string | undefined): string {
  const near = pattern === undefined ? [] : catalogue.nearest(pattern);
  const help = near.length === 0 ? '' : ` Did you mean ${near.join(', ')}?`;
  return `portcullis: no field has such a name.${help}`;
}
