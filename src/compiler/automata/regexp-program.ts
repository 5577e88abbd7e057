/**
 * The compiled program of a regular expression, as re2js keeps it. re2js has no public face for it, so its shape is
 * checked here at run time; nothing else knows it.
 */
import { RE2JS } from 're2js';

/** Conditions of an assertion, a mask. */
export const BEGIN_LINE = 1;
export const END_LINE = 2;
export const BEGIN_TEXT = 4;
export const END_TEXT = 8;
export const WORD_BOUNDARY = 16;
export const NO_WORD_BOUNDARY = 32;

/** Inclusive ranges of code points, ascending. */
export type Ranges = readonly (readonly [number, number])[];

export type Instruction =
  | { readonly kind: 'fork'; readonly targets: readonly number[] }
  | { readonly kind: 'assert'; readonly conditions: number; readonly next: number }
  | { readonly kind: 'rune'; readonly ranges: Ranges; readonly next: number }
  | { readonly kind: 'match' }
  | { readonly kind: 'fail' };

export interface Program {
  readonly start: number;
  readonly instructions: readonly Instruction[];
}

interface RawInstruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: ArrayLike<number>;
}

const MAX_RUNE = 0x10ffff;
const NEWLINE = 10;
const FOLD_CASE = 1;
const operations = {
  alternative: 1,
  alternativeMatch: 2,
  capture: 3,
  emptyWidth: 4,
  fail: 5,
  match: 6,
  nothing: 7,
  rune: 8,
  oneRune: 9,
  anyRune: 10,
  anyRuneNotNewline: 11,
} as const;

/** The program of a regular expression that re2js accepts. Throws when re2js keeps programs in another shape. */
export function regexpProgram(source: string): Program {
  const { start, raw } = programOf(RE2JS.compile(source));
  const instructions = raw.map((inst): Instruction => {
    switch (inst.op) {
      case operations.alternative:
      case operations.alternativeMatch:
        return { kind: 'fork', targets: [inst.out, inst.arg] };
      case operations.capture:
      case operations.nothing:
        return { kind: 'fork', targets: [inst.out] };
      case operations.emptyWidth:
        return { kind: 'assert', conditions: inst.arg, next: inst.out };
      case operations.fail:
        return { kind: 'fail' };
      case operations.match:
        return { kind: 'match' };
      case operations.rune:
      case operations.oneRune:
        return { kind: 'rune', ranges: rangesOf(inst.runes, inst.arg), next: inst.out };
      case operations.anyRune:
        return { kind: 'rune', ranges: [[0, MAX_RUNE]], next: inst.out };
      case operations.anyRuneNotNewline:
        return {
          kind: 'rune',
          ranges: [
            [0, NEWLINE - 1],
            [NEWLINE + 1, MAX_RUNE],
          ],
          next: inst.out,
        };
      default:
        throw new Error(`re2js compiled ${JSON.stringify(source)} to an unknown instruction ${inst.op}.`);
    }
  });
  return { start, instructions };
}

/** The start and the instructions, where re2js 2 keeps them. */
function programOf(compiled: object): { start: number; raw: readonly RawInstruction[] } {
  const program = member(member(compiled, 're2Input'), 'prog');
  const start = member(program, 'start');
  const raw = member(program, 'inst');
  if (typeof start === 'number' && Array.isArray(raw) && raw.every(isInstruction)) return { start, raw };
  throw new Error(
    're2js keeps its compiled programs in another shape than version 2.10; regexp-program.ts must follow.',
  );
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function isInstruction(value: unknown): value is RawInstruction {
  const runes = member(value, 'runes');
  return (
    ['op', 'out', 'arg'].every((name) => Number.isInteger(member(value, name))) &&
    (runes instanceof Int32Array || Array.isArray(runes))
  );
}

function rangesOf(runes: ArrayLike<number>, flags: number): Ranges {
  if (runes.length !== 1) {
    return Array.from({ length: runes.length >> 1 }, (_, i) => [runes[2 * i]!, runes[2 * i + 1]!] as const);
  }
  const rune = runes[0]!;
  return (flags & FOLD_CASE) === 0 ? [[rune, rune]] : folded(rune).map((variant) => [variant, variant] as const);
}

/** All code points with a case mapping; found once. */
let cased: string[] | undefined;
const variantsOf = new Map<number, number[]>();

/** The runes that are equal but for case, ascending: simple folding, which /iu is defined by. */
function folded(rune: number): number[] {
  const known = variantsOf.get(rune);
  if (known !== undefined) return known;
  cased ??= findCased();
  const self = String.fromCodePoint(rune);
  const test = new RegExp(`^\\u{${rune.toString(16)}}$`, 'iu');
  const variants = cased.filter((variant) => test.test(variant));
  if (!variants.includes(self)) variants.push(self);
  const runes = variants.map((variant) => variant.codePointAt(0)!).sort((a, b) => a - b);
  variantsOf.set(rune, runes);
  return runes;
}

function findCased(): string[] {
  const found: string[] = [];
  for (let rune = 0; rune < 0x1f000; rune++) {
    if (rune >= 0xd800 && rune < 0xe000) continue;
    const self = String.fromCodePoint(rune);
    if (self.toLowerCase() !== self || self.toUpperCase() !== self) found.push(self);
  }
  return found;
}
