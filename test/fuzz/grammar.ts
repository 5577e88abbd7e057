/** Expressions that mostly pass the checker, odd ones among them; on exec, so that the kernel's compiler takes them. */
import type { Random } from '../property/random.js';

const strings = [
  'exec.comm',
  'exec.file.name',
  'exec.args',
  'exec.argv0',
  'exec.tty_name',
  'process.parent.comm',
  'process.container.id',
  'exec.interpreter.file.name',
];
const arrays = ['exec.argv', 'exec.args_flags', 'exec.args_options', 'exec.envs', 'process.ancestors.comm'];
const paths = ['exec.file.path', 'exec.interpreter.file.path', 'process.ancestors.file.path'];
const numbers = [
  'exec.uid',
  'exec.gid',
  'exec.euid',
  'exec.pid',
  'exec.file.mode',
  'exec.file.rights',
  'exec.file.inode',
  'process.ancestors.pid',
  'process.ancestors.length',
  'exec.file.name.length',
];
const truths = ['exec.args_truncated', 'exec.is_thread', 'true', 'false', 'process.ancestors.is_thread'];
const registers = ['process.ancestors[A].comm', 'process.ancestors[A].file.name'];
const words = ['a', 'b', 'ab', 'aa', 'xmrig', 'stratum+tcp', '', 'é', '-', '=', '/', 'tmp', '1', '.', '\\', '$'];

export function randomExpression(random: Random, regexps: readonly string[], depth = random.below(5)): string {
  if (depth <= 0) return comparison(random, regexps);
  const inner = () => randomExpression(random, regexps, depth - random.between(1, 2));
  return random.weighted([
    [6, () => chain(random, inner)],
    [2, () => `(${inner()})`],
    [2, () => `${random.pick(['!', 'not '])}(${inner()})`],
    [1, () => `(${inner()}) ${random.pick(['==', '!='])} (${inner()})`],
    [3, () => comparison(random, regexps)],
  ] as const)();
}

function chain(random: Random, inner: () => string): string {
  const operator = random.pick([' && ', ' || ', ' and ', ' or ']);
  const operands = random.list(
    random.weighted([
      [8, 2],
      [4, 3],
      [1, random.between(4, 40)],
    ] as const),
    inner,
  );
  return operands.reduce((left, right) => left + (random.chance(0.95) ? operator : ' && ') + right);
}

function comparison(random: Random, regexps: readonly string[]): string {
  const field = random.pick(random.pick([strings, strings, arrays, arrays, registers]));
  return random.weighted([
    [4, () => `${field} ${random.pick(['==', '!='])} ${stringLiteral(random, regexps)}`],
    [3, () => `${field} ${random.pick(['=~', '!~'])} "${pattern(random)}"`],
    [3, () => `${field} ${random.pick(['in', 'not in'])} ${list(random, () => stringLiteral(random, regexps))}`],
    [1, () => `${stringLiteral(random, regexps)} ${random.pick(['in', 'not in'])} ${random.pick(arrays)}`],
    [4, () => `${random.pick(paths)} ${random.pick(['=~', '!~', '=='])} "${path(random)}"`],
    [2, () => `${random.pick(paths)} in ${list(random, () => `${random.pick(['', '~'])}"${path(random)}"`)}`],
    [4, () => `${sum(random)} ${random.pick(['==', '!=', '<', '<=', '>', '>='])} ${sum(random)}`],
    [2, () => `${random.pick(numbers)} ${random.pick(['in', 'not in'])} ${list(random, () => integer(random))}`],
    [2, () => random.pick(truths)],
    [1, () => `${random.pick(truths)} ${random.pick(['==', '!='])} ${random.pick(truths)}`],
    [1, () => `${field} == "%{${random.pick(strings)}}${random.pick(words)}"`],
    [
      1,
      () => `process.created_at ${random.pick(['<', '>'])} ${random.below(100)}${random.pick(['ms', 's', 'm', 'h'])}`,
    ],
    [
      1,
      () =>
        `network.destination.ip in ${list(random, () => random.pick(['10.0.0.0/8', '::1', '::ffff:1.2.3.4/100', '0.0.0.0/0']))}`,
    ],
  ] as const)();
}

function list(random: Random, member: () => string): string {
  return `[${random
    .list(
      random.weighted([
        [8, random.between(1, 4)],
        [1, random.between(5, 60)],
      ] as const),
      member,
    )
    .join(', ')}]`;
}

function stringLiteral(random: Random, regexps: readonly string[]): string {
  return random.weighted([
    [4, () => `"${random.pick(words)}${random.pick(words)}"`],
    [4, () => `~"${pattern(random)}"`],
    [2, () => `r"${random.pick(regexps)}"`],
  ] as const)();
}

function pattern(random: Random): string {
  const pieces = random.list(
    random.weighted([
      [8, random.between(1, 5)],
      [1, random.between(6, 300)],
    ] as const),
    () => (random.chance(0.45) ? '*' : random.pick(words)),
  );
  return pieces.join('').replaceAll(/\*{2,}/g, '*');
}

function path(random: Random): string {
  const segments = random.list(
    random.weighted([
      [9, random.between(1, 5)],
      [1, random.between(6, 80)],
    ] as const),
    () => random.pick(['a', 'b', 'ab', 'tmp', '*', 'a*', '*b', '*a*b', '**', '*x*'] as const),
  );
  return `${random.pick(['/', '/', '/', '*/', '**/', ''])}${segments.join('/')}`;
}

function sum(random: Random): string {
  const term = () =>
    random.weighted([
      [5, random.pick(numbers)],
      [4, integer(random)],
      [1, `(${random.pick(numbers)} & ${integer(random)})`],
      [1, `^${random.pick(numbers)}`],
      [1, `-${random.pick(numbers)}`],
    ] as const);
  return random.weighted([
    [8, () => term()],
    [1, () => `${term()} & ${integer(random)}`],
    [1, () => `${term()} ${random.pick(['+', '-'])} ${term()}`],
  ] as const)();
}

function integer(random: Random): string {
  return random.pick([
    '0',
    '1',
    '2',
    '7',
    '07',
    '1000',
    '-1',
    '4294967295',
    '9223372036854775807',
    '-9223372036854775808',
    'O_CREAT',
    'SIGKILL',
  ]);
}
