/** Classes of runes that a regular expression does not tell apart, and the classes of bytes that follow from them. */
import type { Program, Ranges } from './regexp-program.js';

export const NEWLINE = 10;
export const REPLACEMENT = 0xfffd;

export interface RuneClasses {
  /** First rune of each stretch, ascending, from 0; and the class of the stretch. */
  readonly bounds: readonly number[];
  readonly classes: readonly number[];
  /** By class: the instructions that a rune of the class satisfies. */
  readonly members: readonly ReadonlySet<number>[];
  /** By class: what assertions see of a rune. */
  readonly kinds: readonly RuneKind[];
}

export type RuneKind = 'newline' | 'word' | 'other';

const wordRanges: Ranges = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];

/** Splits the code points where some instruction, or an assertion, tells two neighbours apart; equal stretches share a class. */
export function classifyRunes({ instructions }: Program): RuneClasses {
  const cuts = new Set<number>([0]);
  const cut = (ranges: Ranges) => {
    for (const [low, high] of ranges) cuts.add(low).add(high + 1);
  };
  for (const instruction of instructions) {
    if (instruction.kind === 'rune') cut(instruction.ranges);
    if (instruction.kind === 'assert') {
      cut([[NEWLINE, NEWLINE]]);
      cut(wordRanges);
    }
  }
  cuts.delete(0x110000);
  const bounds = [...cuts].sort((a, b) => a - b);
  const stretches: Set<number>[] = bounds.map(() => new Set());
  instructions.forEach((instruction, index) => {
    if (instruction.kind !== 'rune') return;
    for (const [low, high] of instruction.ranges) {
      for (let at = stretchOf(bounds, low); at < bounds.length && bounds[at]! <= high; at++) stretches[at]!.add(index);
    }
  });
  const asserts = instructions.some((instruction) => instruction.kind === 'assert');
  const numbers = new Map<string, number>();
  const members: Set<number>[] = [];
  const kinds: RuneKind[] = [];
  const classes = bounds.map((bound, at) => {
    const kind = asserts ? kindOf(bound) : 'other';
    const key = `${kind} ${[...stretches[at]!].join()}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number = members.push(stretches[at]!) - 1;
      kinds.push(kind);
      numbers.set(key, number);
    }
    return number;
  });
  return { bounds, classes, members, kinds };
}

/** The class of one rune. */
export function runeClass({ bounds, classes }: RuneClasses, rune: number): number {
  return classes[stretchOf(bounds, rune)]!;
}

/** Calls back with the class of each stretch that the range touches, until the answer is `enough`. */
export function eachClass(
  { bounds, classes }: RuneClasses,
  low: number,
  high: number,
  visit: (runeClass: number) => 'on' | 'enough',
): void {
  for (let at = stretchOf(bounds, low); at < bounds.length && bounds[at]! <= high; at++) {
    if (visit(classes[at]!) === 'enough') return;
  }
}

/** Where UTF-8 itself tells bytes apart: below, continuation bytes and lead bytes by what may follow them. */
const structure = [0x80, 0x90, 0xa0, 0xc0, 0xc2, 0xe0, 0xe1, 0xed, 0xee, 0xf0, 0xf1, 0xf4, 0xf5];

/**
 * Bytes that no state of an automaton over these runes tells apart have the same number. Beyond ASCII, a bound between two
 * stretches sets apart the bytes of the rune before it and of the one after it; other bytes only lie between such.
 */
export function byteClasses(runes: RuneClasses): Uint8Array {
  const map = new Uint8Array(256);
  let next = 0;
  const known = new Map<number, number>();
  for (let byte = 0; byte < 0x80; byte++) {
    const rune = runeClass(runes, byte);
    let number = known.get(rune);
    if (number === undefined) {
      number = next++;
      known.set(rune, number);
    }
    map[byte] = number;
  }
  const cuts = new Set(structure);
  for (const bound of runes.bounds) {
    if (bound > 0x80) for (const byte of encode(bound - 1)) cuts.add(byte + 1);
    if (bound >= 0x80) for (const byte of encode(bound)) cuts.add(byte);
  }
  next--;
  for (let byte = 0x80; byte < 256; byte++) {
    if (cuts.has(byte)) next++;
    map[byte] = next;
  }
  return map;
}

/** UTF-8, of a surrogate too: no valid byte sequence has it, so its bytes only set apart more than they need. */
function encode(rune: number): number[] {
  const continuation = (shift: number) => 0x80 | ((rune >> shift) & 0x3f);
  if (rune < 0x800) return [0xc0 | (rune >> 6), continuation(0)];
  if (rune < 0x10000) return [0xe0 | (rune >> 12), continuation(6), continuation(0)];
  return [0xf0 | (rune >> 18), continuation(12), continuation(6), continuation(0)];
}

function stretchOf(bounds: readonly number[], rune: number): number {
  let low = 0;
  let high = bounds.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (bounds[middle]! <= rune) low = middle;
    else high = middle;
  }
  return low;
}

function kindOf(rune: number): RuneKind {
  if (rune === NEWLINE) return 'newline';
  return wordRanges.some(([low, high]) => rune >= low && rune <= high) ? 'word' : 'other';
}
