/** docs/fields.md: the catalogue as a page. */
import { eventTypes } from '../secl/index.js';
import { allFields, type FieldFacts, placeNames } from './field-facts.js';

const introduction = `# Fields

The facts that expressions can name. This page is made by \`portcullis policy fields --markdown\`;
\`portcullis policy fields PATTERN\` looks one up.

**Types.** \`string\`; \`path\`: a string on which \`*\` in a pattern stays inside one directory; \`int\`; \`time\`: nanoseconds since
the epoch, with a duration (\`< 5s\`) its age; \`bool\`; \`ip\`. With \`[]\` a field has any number of values: a test holds when
one of them passes it. \`NAME.length\` is the number of bytes of a string, or of elements of a list.

**Decides.** \`kernel\`: a rule that tests only such fields can refuse an exec. \`kernel, at exec\`: it kills the program before its
first instruction. \`user space\`: it decides when the event has happened; the kernel still tests the other fields.
\`waiting\`: the field is known, but nothing reports its event yet. For fields of all events this is about rules on \`exec\`.
\`portcullis policy explain\` says it for each rule of a policy.

**Processes.** What is listed under \`process.*\` is there for the parent, for the ancestors, and for the processes that some
events are about; these are named with a star, as \`process.parent.*\`. \`exec.X\` and \`process.X\` are one fact in exec events.
The ancestors are a list, nearest first: \`process.ancestors.file.name == "sshd"\` means any of them,
\`process.ancestors[A].file.name == "sshd" && process.ancestors[A].uid == 0\` one and the same. Of them the kernel decides what an
exec fixes: files, arguments, environment and terminal. Ids, task names, control groups and containers change without an exec, so
rules about those of a parent or an ancestor decide in user space.
`;

/** The page, with a line break at its end. */
export function fieldPage(): string {
  const fields = allFields();
  const process = processNames(fields);
  const sections = ['common', ...eventTypes].map((event) => section(event, fields, process));
  return `${introduction}\n${sections.filter((text) => text !== '').join('\n')}`;
}

/** The names under `process.` that every process has. */
function processNames(fields: readonly FieldFacts[]): ReadonlySet<string> {
  const names = fields.filter(({ name }) => name.startsWith('process.parent.'));
  return new Set(names.map(({ name }) => name.slice('process.parent.'.length)));
}

function section(event: string, fields: readonly FieldFacts[], process: ReadonlySet<string>): string {
  const own = fields.filter((field) => field.event === event);
  if (own.length === 0) return '';
  const prefixes = processPrefixes(own).filter((prefix) => prefix !== 'process');
  const isFolded = ({ name }: FieldFacts) =>
    prefixes.some((prefix) => name.startsWith(`${prefix}.`) && process.has(name.slice(prefix.length + 1)));
  const title = event === 'common' ? '## Of all events' : `## ${event}`;
  const folded = prefixes.map((prefix) => `\`${prefix}.*\` (${placesOf(prefix, own)})`);
  const note = folded.length === 0 ? [] : [`As \`process.*\`: ${folded.join(', ')}.`, ''];
  const listed = own.filter((field) => !isFolded(field));
  const rows = listed.map(
    ({ name, type, place, description }) =>
      `| \`${name}\` | ${type} | ${placeNames[place]} | ${description.replaceAll('|', '\\|')} |`,
  );
  const heading = ['| field | type | decides | what it is |', '|---|---|---|---|'];
  return [title, '', ...note, ...(rows.length === 0 ? [] : [...heading, ...rows, ''])].join('\n');
}

/** Where the facts under a prefix decide. */
function placesOf(prefix: string, fields: readonly FieldFacts[]): string {
  const places = fields.filter(({ name }) => name.startsWith(`${prefix}.`)).map(({ place }) => placeNames[place]);
  return [...new Set(places)].sort().join('; ');
}

/** The prefixes under which the facts of a process stand: each has arguments. */
function processPrefixes(fields: readonly FieldFacts[]): string[] {
  const mark = '.args_options';
  return fields.filter(({ name }) => name.endsWith(mark)).map(({ name }) => name.slice(0, -mark.length));
}
