/** Where the characters of a YAML scalar's value stand in the file: an error in an expression points at its own text. */
import type { Scalar } from 'yaml';
import type { Range, SourceText } from './source.js';

/** A string of a policy file that remembers where it was written. */
export interface LocatedText {
  readonly value: string;
  /** All of it, quotes and block header included. */
  readonly range: Range;
  /** The place of a part of the value, given by offsets into it. */
  locate(start: number, end: number): Range;
}

export function locatedText(scalar: Scalar, value: string, source: SourceText): LocatedText {
  const range = { start: scalar.range?.[0] ?? 0, end: scalar.range?.[1] ?? 0 };
  let offsets: readonly number[] | undefined;
  return {
    value,
    range,
    locate(start, end) {
      offsets ??= alignment(scalar, value, source.text) ?? [];
      if (offsets.length === 0) return range;
      const first = offsets[Math.min(start, value.length)]!;
      if (end <= start) return { start: first, end: first + 1 };
      return { start: first, end: offsets[Math.min(end, value.length) - 1]! + 1 };
    },
  };
}

/** One character of the value and the offset where the file writes it. */
interface Written {
  readonly unit: string;
  readonly at: number;
}

/**
 * For every UTF-16 unit of the value, and for its end, an offset into the file. Folding changes only white space, so
 * the other characters of value and file are the same in the same order; white space is placed after the character
 * before it. Undefined when the two do not agree, which no known scalar does.
 */
function alignment(scalar: Scalar, value: string, text: string): number[] | undefined {
  const [start, end] = scalar.range ?? [0, 0];
  const written = [...visible(scalar, text, start, end)];
  const offsets: number[] = [];
  let next = 0;
  let after = written[0]?.at ?? start;
  for (const unit of splitUnits(value)) {
    if (isSpace(unit)) {
      offsets.push(after);
      after++;
      continue;
    }
    const source = written[next++];
    if (source === undefined || source.unit !== unit) return undefined;
    offsets.push(source.at);
    after = source.at + 1;
  }
  if (next !== written.length) return undefined;
  offsets.push(after);
  return offsets;
}

function visible(scalar: Scalar, text: string, start: number, end: number): Iterable<Written> {
  switch (scalar.type) {
    case 'QUOTE_DOUBLE':
      return doubleQuoted(text, start + 1, end - 1);
    case 'QUOTE_SINGLE':
      return plain(text, start + 1, end - 1, (at) => (text.startsWith("''", at) ? 2 : 1));
    case 'BLOCK_FOLDED':
    case 'BLOCK_LITERAL': {
      const lineBreak = text.indexOf('\n', start);
      return plain(text, lineBreak < 0 ? end : lineBreak, end, () => 1);
    }
    default:
      return plain(text, start, end, () => 1);
  }
}

function* plain(text: string, start: number, end: number, width: (at: number) => number): Iterable<Written> {
  for (let at = start; at < end; at += width(at)) {
    const unit = text[at]!;
    if (!isSpace(unit)) yield { unit, at };
  }
}

/** The escapes of YAML 1.2.2 section 5.7 that stand for one visible character. */
const shortEscapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  '"': '"',
  '/': '/',
  '\\': '\\',
};
const hexadecimal: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

function* doubleQuoted(text: string, start: number, end: number): Iterable<Written> {
  for (let at = start; at < end; at++) {
    const unit = text[at]!;
    if (unit !== '\\') {
      if (!isSpace(unit)) yield { unit, at };
      continue;
    }
    const code = text[at + 1] ?? '';
    const digits = hexadecimal[code];
    if (digits !== undefined) {
      const character = String.fromCodePoint(Number.parseInt(text.slice(at + 2, at + 2 + digits), 16) || 0);
      for (const part of splitUnits(character)) if (!isSpace(part)) yield { unit: part, at };
      at += 1 + digits;
      continue;
    }
    const short = shortEscapes[code];
    if (short !== undefined) yield { unit: short, at };
    // What is left (\n \t \r \v \f \N \_ \L \P, an escaped blank or line break) stands for white space.
    at += 1;
  }
}

function splitUnits(text: string): string[] {
  return text.split('');
}

/** White space as JavaScript sees it, which covers every character that YAML's escapes for blanks and breaks give. */
function isSpace(unit: string): boolean {
  return /^[\s\u0085]$/.test(unit);
}
