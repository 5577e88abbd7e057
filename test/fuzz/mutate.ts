/** Texts made from other texts. */
import type { Random } from '../property/random.js';

/** What is put in: what the language and YAML give a meaning, and what they should survive. */
const pieces = [
  '"',
  "'",
  '\\',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ',',
  ':',
  '- ',
  '\n',
  '\t',
  '\r',
  ' ',
  '#',
  '//',
  '~"',
  'r"',
  '${',
  '%{',
  '!',
  '==',
  '!=',
  '=~',
  '!~',
  '<',
  '>=',
  '&&',
  '||',
  '&',
  '|',
  '^',
  '+',
  '-',
  ' in ',
  ' not in ',
  ' allin ',
  'not ',
  'true',
  'false',
  '0',
  '1',
  '-1',
  '9223372036854775807',
  '-9223372036854775808',
  '010',
  '5s',
  '10ms',
  '::',
  '::1/0',
  '10.0.0.0/8',
  '*',
  '**',
  '/',
  '/../',
  '.',
  '[A]',
  '[_]',
  '[0]',
  '.length',
  '.root_domain',
  'exec.',
  'process.ancestors',
  'é',
  '\u{1f600}',
  '\ud800',
  '\0',
  '\u2028',
  '\ufeff',
  '&a ',
  '*a',
  '<<: ',
  '|\n',
  '>-\n',
  '!!binary ',
  '---\n',
  '...\n',
  '%YAML 9.9\n',
  '? ',
  'rules:\n',
  'id: x\n',
  'expression: ',
  'actions: [{kill: {signal: SIGKILL}}]\n',
];

/** A changed text: up to a few small changes, now and then a large one. */
export function mutate(random: Random, text: string, others: readonly string[]): string {
  let changed = text;
  for (
    let left = random.weighted([
      [6, 1],
      [4, 2],
      [3, 4],
      [1, 12],
    ] as const);
    left > 0;
    left--
  ) {
    changed = change(random, changed, others);
  }
  return changed;
}

function change(random: Random, text: string, others: readonly string[]): string {
  const at = random.below(text.length + 1);
  const end = Math.min(
    text.length,
    at +
      random.weighted([
        [4, 1],
        [3, random.below(8)],
        [1, random.below(text.length + 1)],
      ]),
  );
  switch (random.below(9)) {
    case 0:
    case 1:
      return text.slice(0, at) + random.pick(pieces) + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(end);
    case 3:
      return text.slice(0, at) + random.pick(pieces) + text.slice(end);
    case 4:
      return text.slice(0, end) + text.slice(at, end) + text.slice(end);
    case 5:
      return text.slice(0, at) + random.pick(others).slice(random.below(20)) + text.slice(end);
    case 6: {
      const other = random.pick(others);
      return text.slice(0, at) + other.slice(random.below(other.length + 1));
    }
    case 7:
      return text.slice(0, at) + String.fromCharCode(random.below(random.pick([128, 256, 65_536]))) + text.slice(at);
    default:
      return repeated(random, text, at, end);
  }
}

/** The change that finds what grows faster than its input: a piece many times over. */
function repeated(random: Random, text: string, at: number, end: number): string {
  const piece = random.chance(0.5) ? random.pick(pieces) : text.slice(at, end);
  const times = random.weighted([
    [6, random.below(10)],
    [3, random.below(200)],
    [1, random.below(4_000)],
  ] as const);
  return text.slice(0, at) + piece.repeat(Math.min(times, Math.ceil(300_000 / (piece.length + 1)))) + text.slice(end);
}
