/**
 * Random execs: what a program was started with, and how much of it could be read. Small alphabets and a vocabulary that several
 * execs share, so that patterns taken from one often match another.
 */
import { fact } from '../../src/compiler/image/layout.js';
import type { Facts } from '../../src/compiler/index.js';
import { type Bytes, toBytes } from '../../src/secl/index.js';
import type { Random } from './random.js';

/** A string and how many bytes of it were read; `all`: to its end, so it is known where it ends. */
export interface Text {
  readonly bytes: Bytes;
  readonly read: 'all' | 'nothing' | number;
}

export interface FileLevel {
  readonly path: Text;
  readonly name: Text;
  readonly facts: Facts;
}

export interface Execution {
  readonly levels: readonly FileLevel[];
  /** Whether the last level is the program, or a script whose interpreter is not known yet. */
  readonly last: 'program' | 'unfinished';
  readonly comm: Text;
  readonly tty: Text;
  /** Path of its cgroup, and the id of its container. */
  readonly cgroup: Text;
  readonly container: Text;
  /** Process facts, but for what follows from the arguments. */
  readonly facts: Facts;
  readonly argv: readonly Bytes[];
  readonly envs: readonly Bytes[];
  /** How many bytes of the argument block were read. */
  readonly block: number | 'all' | 'nothing';
}

/** The argument block: argv, then the environment, each string with a NUL behind it. */
export function blockOf({ argv, envs }: Pick<Execution, 'argv' | 'envs'>): Bytes {
  return [...argv, ...envs].map((text) => `${text}\0`).join('');
}

const plain = ['a', 'b', 'c', 'ab', 'ba', 'aa', 'A', '1', '.', '_', 'xmrig'];
const beyondAscii = ['é', '€', '😀', 'ß'].map(toBytes);
/** Pieces of UTF-8, and bytes that occur in none. */
const invalid = ['\xff', '\xc3', '\xa9', '\xe2\x82', '\xf0\x9f\x98', '\xc0\xaf', '\xed\xa0\x80'];

/** Strings that the execs of one seed share. */
export interface Vocabulary {
  readonly paths: readonly Bytes[];
  readonly names: readonly Bytes[];
  readonly arguments: readonly Bytes[];
  readonly environment: readonly Bytes[];
  readonly cgroups: readonly Bytes[];
  readonly containers: readonly Bytes[];
  /** How often the arguments are long. */
  readonly long: number;
}

export function randomVocabulary(random: Random): Vocabulary {
  return {
    paths: random.list(4, () => randomPath(random)),
    names: random.list(4, () => randomText(random, 4)),
    arguments: random.list(7, () => randomArgument(random)),
    environment: random.list(4, () => randomVariable(random)),
    cgroups: ['/', ...random.list(3, () => randomPath(random).slice(0, 1023))],
    containers: ['', ...random.list(3, () => randomText(random, 6))],
    long: random.chance(0.2) ? 0.6 : 0.04,
  };
}

export function randomExecution(random: Random, vocabulary: Vocabulary): Execution {
  const argc = random.weighted([
    [1, 0],
    [3, 1],
    [3, 2],
    [8, random.between(3, 8)],
  ] as const);
  let argv = random.list(argc, () => known(random, vocabulary.arguments, () => randomArgument(random)));
  if (argc > 0) argv[0] = known(random, vocabulary.names, () => randomText(random, 5));
  if (argc > 1 && random.chance(vocabulary.long)) argv = padded(random, argv);
  const envs = random.list(random.chance(0.15) ? 0 : random.between(1, 4), () =>
    known(random, vocabulary.environment, () => randomVariable(random)),
  );
  const levels = random.weighted([
    [5, 1],
    [3, 2],
    [2, 3],
  ] as const);
  return {
    levels: random.list(levels, () => randomLevel(random, vocabulary)),
    last: random.chance(0.8) ? 'program' : 'unfinished',
    comm: randomRead(
      random,
      known(random, vocabulary.names, () => randomText(random, 4)),
      15,
    ),
    tty: randomRead(
      random,
      random.pick(['', 'tty1', 'pts0', 'a', known(random, vocabulary.names, () => randomText(random, 3))]),
      63,
    ),
    cgroup: randomRead(random, random.pick(vocabulary.cgroups), 1023),
    container: randomRead(random, random.pick(vocabulary.containers), 255),
    facts: randomFacts(random, [fact.uid, fact.gid, fact.euid, fact.egid, fact.pid, fact.ppid]),
    argv,
    envs,
    block: randomCut(random, argv, envs),
  };
}

function randomLevel(random: Random, vocabulary: Vocabulary): FileLevel {
  const path = known(random, vocabulary.paths, () => randomPath(random));
  const name = random.chance(0.7)
    ? path.slice(path.lastIndexOf('/') + 1)
    : known(random, vocabulary.names, () => randomText(random, 4));
  return {
    path: randomRead(random, path, 4096),
    name: randomRead(random, name, 255),
    facts: randomFacts(random, [fact.fileUid, fact.fileGid, fact.fileMode, fact.fileInode]),
  };
}

function known(random: Random, words: readonly Bytes[], fresh: () => Bytes): Bytes {
  return random.chance(0.75) ? random.pick(words) : fresh();
}

function randomPiece(random: Random): Bytes {
  return random.weighted([
    [12, random.pick(plain)],
    [2, random.pick(beyondAscii)],
    [1, random.pick(invalid)],
  ] as const);
}

function randomText(random: Random, most: number): Bytes {
  return random.list(random.below(most + 1), () => randomPiece(random)).join('');
}

function randomPath(random: Random): Bytes {
  if (random.chance(0.04)) return '';
  // As long as the kernel reads, and one segment more.
  if (random.chance(0.02)) return '/abc'.repeat(1024).slice(0, random.pick([4096, 4095]));
  return `/${random
    .list(random.between(1, 5), () => random.pick(['a', 'b', 'ab', 'tmp', 'usr', randomText(random, 3)]) || 'a')
    .join('/')}`;
}

function randomArgument(random: Random): Bytes {
  const name = random.pick(['a', 'ab', 'b', 'url', 'user', '1', randomText(random, 3)]);
  const text = randomText(random, 5);
  return random.weighted([
    [5, text],
    [1, ''],
    [4, `-${random.pick(['a', 'b', 'ab', 'ba', 'a1', '1', name])}`],
    [4, `--${name}`],
    [3, `--${name}=${text}`],
    [2, `-${name}=${text}`],
    [1, random.pick(['-', '--', '---a', '---', '--=', '-=', '--a=', '-.a', '--a=b=c', toBytes('-é')])],
    [1, `${text} ${randomText(random, 2)}`],
    [1, `${text}\n${randomText(random, 2)}`],
    [1, `${name}=${text}`],
  ] as const);
}

function randomVariable(random: Random): Bytes {
  const name = random.pick(['A', 'AB', 'PATH', 'b', randomText(random, 3)]);
  return random.weighted([
    [6, `${name}=${randomText(random, 4)}`],
    [1, name],
    [1, ''],
    [1, `=${name}`],
    [1, `${name}==`],
  ] as const);
}

/** Ends of the pieces in which the kernel reads the block. */
const pieceEnds = [8192, 12288, 16384];
/** What a record carries of the arguments, bytes (PC_HEAD_BYTES). */
export const recordBytes = 4096;

/** What stands at the end of a long argument and, most of it, nowhere before. */
export const markers = ['xmrig', 'b1', '=b', 'c.', toBytes('€')];

/**
 * Makes one argument so long that what follows lies across the end of a piece, or that all arguments are just as long as a record
 * carries.
 */
function padded(random: Random, argv: readonly Bytes[]): Bytes[] {
  const at = random.between(1, argv.length - 1);
  const filler = random.pick(['a', 'ab', 'a ', 'é'].map(toBytes));
  const beginning = random.pick(['', '-', '--b=']);
  const marker = random.list(random.below(8), () => random.pick(markers)).join('');
  const before = blockOf({ argv: argv.slice(0, at), envs: [] }).length + beginning.length;
  const behind = blockOf({ argv: argv.slice(at + 1), envs: [] }).length + marker.length + 1;
  const length = random.chance(0.3)
    ? recordBytes - before - behind + random.between(-1, 1)
    : random.pick(pieceEnds) - before - random.below(marker.length + 4);
  const padding = filler.repeat(Math.ceil(length / filler.length)).slice(0, length);
  return argv.with(at, `${beginning}${padding}${marker}`);
}

function randomRead(random: Random, bytes: Bytes, most: number): Text {
  const text = bytes.slice(0, most);
  return {
    bytes: text,
    read: random.weighted<Text['read']>([
      [16, 'all'],
      [1, 'nothing'],
      [2, random.below(text.length + 1)],
    ]),
  };
}

/** Anywhere, and more often where something ends. */
function randomCut(random: Random, argv: readonly Bytes[], envs: readonly Bytes[]): Execution['block'] {
  const block = blockOf({ argv, envs });
  const args = blockOf({ argv, envs: [] });
  const nuls = [...block].flatMap((byte, at) => (byte === '\0' ? [at] : []));
  const border = nuls.length > 0 ? random.pick(nuls) : 0;
  return random.weighted<Execution['block']>([
    [24, 'all'],
    [2, 'nothing'],
    [2, random.below((argv[0]?.length ?? 0) + 1)],
    [4, random.below(args.length + 1)],
    [3, border + 1],
    [2, border],
    [2, random.between(args.length, block.length)],
    [1, Math.min(block.length, random.pick([0, 8192, 8191, 8193, 12288]))],
  ]);
}

const numbers = [0n, 1n, 2n, 3n, 7n, 1000n, 0xffffffffn, -1n, -2n, 2n ** 31n, 2n ** 63n - 1n, -(2n ** 63n)];
const modes = [0o100755n, 0o104755n, 0o100644n, 0o40700n];

function randomFacts(random: Random, facts: readonly number[]): Facts {
  const found: Record<number, bigint> = {};
  for (const number of facts) {
    if (random.chance(0.1)) continue;
    found[number] = number === fact.fileMode && random.chance(0.8) ? random.pick(modes) : random.pick(numbers);
  }
  return found;
}
