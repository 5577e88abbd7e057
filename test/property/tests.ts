/** Random tests of one field: which field, and what it is compared with. Each has a generator and a name it is counted under. */
import { fact } from '../../src/compiler/image/layout.js';
import { type Bytes, compileExpression, flags, joined, options, SeclError } from '../../src/secl/index.js';
import type { Execution } from './execution.js';
import { type PathConstruct, pathConstructs, pathOperand } from './globs.js';
import { type IntegerConstruct, integerConstructs, integerTest } from './integers.js';
import type { Random } from './random.js';
import { type TextConstruct, textConstructs, textOperand } from './texts.js';

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

/** String fields with the values that an exec has. */
const textFields: readonly (readonly [field: string, values: (execution: Execution) => readonly Bytes[]])[] = [
  ['file.name', ({ levels }) => levels.map(({ name }) => name.bytes)],
  ['interpreter.file.name', ({ levels }) => levels.slice(1).map(({ name }) => name.bytes)],
  ['comm', ({ comm }) => [comm.bytes]],
  ['tty_name', ({ tty }) => [tty.bytes]],
  ['argv0', ({ argv }) => argv.slice(0, 1)],
  ['argv', ({ argv }) => argv.slice(1)],
  ['args', ({ argv }) => [joined(argv.slice(1))]],
  ['args_flags', ({ argv }) => flags(argv.slice(1))],
  ['args_options', ({ argv }) => options(argv.slice(1))],
  ['envs', ({ envs }) => envs.map((variable) => variable.split('=', 1)[0]!)],
];

const pathFields: typeof textFields = [
  ['file.path', ({ levels }) => levels.map(({ path }) => path.bytes)],
  ['interpreter.file.path', ({ levels }) => levels.slice(1).map(({ path }) => path.bytes)],
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
  ...textFields.map(([field]) => field),
  ...pathFields.map(([field]) => field),
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
          const [field, values] = random.pick(textFields);
          const { construct, comparison } = textOperand(random, oneOf(random, values(execution)));
          return { field, construct, text: `${prefixed(random, field)} ${comparison}` };
        },
      ],
      [
        8,
        () => {
          const [field, values] = random.pick(pathFields);
          const { construct, comparison } = pathOperand(random, oneOf(random, values(execution)));
          return { field, construct, text: `${prefixed(random, field)} ${comparison}` };
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

function oneOf(random: Random, values: readonly Bytes[]): Bytes {
  return values.length === 0 ? '' : random.pick(values);
}

function prefixed(random: Random, field: string): string {
  return `${random.pick(['exec', 'process'])}.${field}`;
}

function flagTest(random: Random): string {
  const field = prefixed(random, 'args_truncated');
  return random.pick([field, `${field} == true`, `${field} == false`, `!${field}`, `${field} != true`]);
}

/** What the kernel leaves to user space. */
const undecided = [
  'process.is_thread',
  'process.container.id == ""',
  'process.container.id != ""',
  'exec.uid == exec.gid',
  'exec.uid + 1 == 2',
  'exec.argv[0] == "a"',
];

/** Most that is put together is valid; what is not (a path with an empty segment) is thrown away. */
function isValid(text: string): boolean {
  try {
    compileExpression(text, { macros: new Map(), variables: new Map() });
    return true;
  } catch (error) {
    if (error instanceof SeclError) return false;
    throw error;
  }
}
