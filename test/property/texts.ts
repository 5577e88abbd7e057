/** Random tests of strings that are no paths. */
import { type Bytes, showBytes } from '../../src/secl/index.js';
import { markers } from './execution.js';
import { asLiteral, partOf, perhapsWrong, runes } from './literals.js';
import type { Random } from './random.js';
import { regexpFor } from './regexps.js';

export const textConstructs = [
  'exact',
  'prefix',
  'suffix',
  'contains',
  'segments',
  'any text',
  'list',
  'regexp',
  'regexp about the end',
] as const;
export type TextConstruct = (typeof textConstructs)[number];

interface Operand {
  readonly construct: TextConstruct;
  /** What stands behind the field. */
  readonly comparison: string;
}

/** A comparison for which `value` is a likely value. */
export function textOperand(random: Random, value: Bytes): Operand {
  const construct = random.weighted<TextConstruct>([
    [4, 'exact'],
    [3, 'prefix'],
    [3, 'suffix'],
    [3, 'contains'],
    // Where a piece of a long value lies matters most to these.
    [value.length > 200 ? 12 : 4, 'segments'],
    [1, 'any text'],
    [4, 'list'],
    [4, 'regexp'],
    [3, 'regexp about the end'],
  ]);
  if (construct === 'list') {
    const members = random.list(random.between(1, 5), () => member(random, value));
    return { construct, comparison: `${random.pick(['in', 'in', 'in', 'not in'])} [${members.join(', ')}]` };
  }
  const literal = operand(random, construct, value);
  if (literal.startsWith('~') && random.chance(0.4)) {
    return { construct, comparison: `${random.pick(['=~', '=~', '!~'])} ${literal.slice(1)}` };
  }
  return { construct, comparison: `${random.pick(['==', '==', '==', '!='])} ${literal}` };
}

/** A comparison with just this value. */
export function exactOperand(random: Random, value: Bytes): Operand {
  const literal = asLiteral(value) ?? partOf(random, value);
  return { construct: 'exact', comparison: `${random.pick(['==', '!='])} "${literal}"` };
}

function member(random: Random, value: Bytes): string {
  const construct = random.pick(['exact', 'exact', 'prefix', 'suffix', 'contains', 'segments', 'regexp'] as const);
  return operand(random, construct, random.chance(0.5) ? value : partOf(random, value));
}

function operand(random: Random, construct: Exclude<TextConstruct, 'list'>, value: Bytes): string {
  const characters = runes(value.length > 200 ? value.slice(-24) : value);
  const cut = random.below(characters.length + 1);
  const beginning = perhapsWrong(random, characters.slice(0, cut).join(''));
  const end = perhapsWrong(random, characters.slice(cut).join(''));
  switch (construct) {
    case 'exact':
      return `"${perhapsWrong(random, random.chance(0.1) ? partOf(random, value) : characters.join(''))}"`;
    case 'prefix':
      return `~"${beginning}*"`;
    case 'suffix':
      return `~"*${end}"`;
    case 'contains':
      return `~"*${perhapsWrong(random, partOf(random, value, 6))}*"`;
    case 'segments':
      return `~"${markedSegments(random, value) ?? segments(random, characters)}"`;
    case 'any text':
      return '~"*"';
    case 'regexp':
      return `r"${regexpFor(random, characters, 'no assertion about the end')}"`;
    case 'regexp about the end':
      return `r"${regexpFor(random, characters, 'an assertion about the end')}"`;
  }
}

/** Two to four pieces in the order in which they occur, most without overlap. */
function segments(random: Random, characters: readonly string[]): string {
  const cuts = random.list(2 * random.between(2, 4), () => random.below(characters.length + 1)).sort((a, b) => a - b);
  const pieces: string[] = [];
  for (let at = 0; at + 1 < cuts.length; at += 2) {
    const piece = characters.slice(cuts[at], random.chance(0.1) ? cuts[at + 1]! + 1 : cuts[at + 1]).join('');
    pieces.push(perhapsWrong(random, piece.slice(0, 8)) || random.pick(['a', 'b', '']));
  }
  if (random.chance(0.1)) pieces.reverse();
  const text = pieces.filter((piece) => piece !== '').join('*');
  const first = random.chance(0.7) ? '*' : '';
  const last = random.chance(0.7) ? '*' : '';
  return `${first}${text}${last}`.replaceAll('**', '*');
}

/** Some of the words at the end of a long value, in their order: they may lie in different pieces of the block. */
function markedSegments(random: Random, value: Bytes): string | undefined {
  if (value.length < 200 || random.chance(0.3)) return undefined;
  const at = markers.flatMap((marker) =>
    value.includes(marker) ? [[value.lastIndexOf(marker), marker] as const] : [],
  );
  const inOrder = at.sort(([a], [b]) => a - b).map(([, marker]) => showBytes(marker));
  return inOrder.length < 2 ? undefined : `*${inOrder.slice(-random.between(2, 4)).join('*')}*`;
}
