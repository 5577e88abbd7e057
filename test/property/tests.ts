/** Random tests of one field: which field, and what it is compared with. Each has a generator and a name it is counted under. */
import { fact } from '../../src/compiler/image/layout.js';
import { type Bytes, compileExpression, flags, joined, options, SeclError } from '../../src/secl/index.js';
import type { Execution } from './execution.js';
import { type PathConstruct, pathConstructs, pathOperand } from './globs.js';
import { type IntegerConstruct, integerConstructs, integerTest } from './integers.js';
import type { Random } from './random.js';
import { exactOperand, type TextConstruct, textConstructs, textOperand } from './texts.js';

export interface SeclTest {
  readonly text: string;
  /** The field's name, without `exec.`. */
  readonly field: string;
  readonly construct: Construct;
}

export type Construct = TextConstruct | PathConstruct | IntegerConstruct | 'flag' | 'undecided';

/** Names under which tests are counted. */
export const constructs: readonly Construct[] = [
  ...textConstructs,
  ...pathConstructs,
  ...integerConstructs,
  'flag',
  'undecided',
];

interface TextField {
  readonly name: string;
  /** The values that an exec has. */
  readonly values: (execution: Execution) => readonly Bytes[];
  /** What looks like a value and is none. */
  readonly nearMisses?: (execution: Execution) => readonly Bytes[];
}

const fileTextFields: readonly TextField[] = [
  { name: 'file.name', values: ({ levels }) => levels.map(({ name }) => name.bytes) },
  { name: 'interpreter.file.name', values: ({ levels }) => levels.slice(1).map(({ name }) => name.bytes) },
];

const commonTextFields: readonly TextField[] = [
  { name: 'comm', values: ({ comm }) => [comm.bytes] },
  { name: 'container.id', values: ({ container }) => [container.bytes] },
  { name: 'cgroup.id', values: ({ cgroup }) => [cgroup.bytes] },
  { name: 'tty_name', values: ({ tty }) => [tty.bytes] },
  { name: 'argv0', values: ({ argv }) => argv.slice(0, 1), nearMisses: ({ argv }) => argv.slice(1) },
  {
    name: 'envs',
    values: ({ envs }) => envs.map((variable) => variable.split('=', 1)[0]!),
    nearMisses: ({ envs }) => envs,
  },
];

const argumentFields: readonly TextField[] = [
  { name: 'argv', values: ({ argv }) => argv.slice(1), nearMisses: ({ argv }) => [joined(argv.slice(1, 3)), ...argv] },
  { name: 'args', values: ({ argv }) => [joined(argv.slice(1))], nearMisses: ({ argv }) => [joined(argv), ...argv] },
  {
    name: 'args_flags',
    values: ({ argv }) => flags(argv.slice(1)),
    nearMisses: ({ argv }) => argv.slice(1).flatMap(undashed),
  },
  {
    name: 'args_options',
    values: ({ argv }) => options(argv.slice(1)),
    nearMisses: ({ argv }) =>
      argv.slice(1).flatMap((argument, at) => undashed(argument).map((name) => `${name}=${argv[at + 2] ?? ''}`)),
  },
];

/** What could be a name, if it has a dash or two before it. */
function undashed(argument: Bytes): Bytes[] {
  return argument.startsWith('-') ? [argument.replace(/^--?/, '')] : [];
}

const textFields = [...fileTextFields, ...commonTextFields, ...argumentFields];

const pathFields: readonly TextField[] = [
  { name: 'file.path', values: ({ levels }) => levels.map(({ path }) => path.bytes) },
  { name: 'interpreter.file.path', values: ({ levels }) => levels.slice(1).map(({ path }) => path.bytes) },
];

const processFacts = { uid: fact.uid, gid: fact.gid, euid: fact.euid, egid: fact.egid, pid: fact.pid, ppid: fact.ppid };
const fileFacts = {
  uid: fact.fileUid,
  gid: fact.fileGid,
  mode: fact.fileMode,
  rights: fact.fileMode,
  inode: fact.fileInode,
};

/** Integer fields with a value that an exec has. */
const integerFields: readonly (readonly [field: string, value: (execution: Execution) => bigint | undefined])[] = [
  ...Object.entries(processFacts).map(([name, number]) => [name, ({ facts }: Execution) => facts[number]] as const),
  ...Object.entries(fileFacts).flatMap(
    ([name, number]) =>
      [
        [`file.${name}`, ({ levels }: Execution) => rightsOf(name, levels[0]?.facts[number])],
        [`interpreter.file.${name}`, ({ levels }: Execution) => rightsOf(name, levels[1]?.facts[number])],
      ] as const,
  ),
];

function rightsOf(name: string, value: bigint | undefined): bigint | undefined {
  return name === 'rights' && value !== undefined ? value & 0o7777n : value;
}

/** All fields that tests are made of. */
export const fields: readonly string[] = [
  ...textFields.map(({ name }) => name),
  ...pathFields.map(({ name }) => name),
  ...integerFields.map(([field]) => field),
  'args_truncated',
];

/** A test that holds for this exec rather often. */
export function randomTest(random: Random, execution: Execution): SeclTest {
  for (;;) {
    const made = random.weighted<() => SeclTest>([
      [
        20,
        () => {
          const field = random.pick(isLong(execution) && random.chance(0.5) ? argumentFields : textFields);
          return ofField(random, field, textComparison(random, field, execution));
        },
      ],
      [
        8,
        () => {
          const field = random.pick(pathFields);
          return ofField(random, field, pathOperand(random, likelyValue(random, execution, field.values(execution))));
        },
      ],
      [
        10,
        () => {
          const [field, value] = random.pick(integerFields);
          return { field, ...integerTest(random, prefixed(random, field), value(execution) ?? 0n) };
        },
      ],
      [2, () => ({ field: 'args_truncated', construct: 'flag', text: flagTest(random) })],
      [1, () => ({ field: 'undecided', construct: 'undecided', text: random.pick(undecided) })],
    ])();
    if (isValid(made.text)) return made;
  }
}

function ofField(
  random: Random,
  { name }: TextField,
  { construct, comparison }: { readonly construct: Construct; readonly comparison: string },
): SeclTest {
  return { field: name, construct, text: `${prefixed(random, name)} ${comparison}` };
}

function textComparison(random: Random, { values, nearMisses }: TextField, execution: Execution) {
  const all = values(execution);
  const misses = nearMisses?.(execution).filter((value) => !all.includes(value)) ?? [];
  if (misses.length === 0 || !random.chance(0.45)) return textOperand(random, likelyValue(random, execution, all));
  const miss = likelyValue(random, execution, misses);
  return random.chance(0.6) ? exactOperand(random, miss) : textOperand(random, miss);
}

function likelyValue(random: Random, execution: Execution, values: readonly Bytes[]): Bytes {
  if (values.length === 0) return '';
  const longest = values.reduce((a, b) => (b.length > a.length ? b : a));
  return isLong(execution) && random.chance(0.7) ? longest : random.pick(values);
}

function isLong({ argv }: Execution): boolean {
  return argv.some((argument) => argument.length > 1000);
}

function prefixed(random: Random, field: string): string {
  // Those two are also there without the process in front.
  if (/^(?:container|cgroup)\./.test(field) && random.chance(0.5)) return field;
  return `${random.pick(['exec', 'process'])}.${field}`;
}

function flagTest(random: Random): string {
  const field = prefixed(random, 'args_truncated');
  return random.pick([field, `${field} == true`, `${field} == false`, `!${field}`, `${field} != true`]);
}

/** What the kernel leaves to user space. */
const undecided = [
  'process.is_thread',
  'process.container.runtime == ""',
  'process.container.runtime != ""',
  'exec.uid == exec.gid',
  'exec.uid + 1 == 2',
  'exec.argv[0] == "a"',
];

/** Most that is put together is valid; what is not (a path with an empty segment) is thrown away. */
export function isValid(text: string): boolean {
  try {
    compileExpression(text, { macros: new Map(), variables: new Map() });
    return true;
  } catch (error) {
    if (error instanceof SeclError) return false;
    throw error;
  }
}
