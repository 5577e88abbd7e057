import type { Span } from './errors.js';

/** Turns offsets into a text (UTF-16 units) into lines and columns, both from 1; columns count characters. */
export class Positions {
  readonly #lines: readonly number[];
  /** Offsets of the second halves of surrogate pairs, which are no characters of their own. */
  readonly #halves: readonly number[];

  constructor(text: string) {
    this.#lines = text.includes('\n') ? [0, ...offsets(text, /\n/g)] : oneLine;
    this.#halves = secondHalf.test(text)
      ? offsets(text, /[\u{10000}-\u{10ffff}]/gu).map((end) => end - 1)
      : withoutHalves;
  }

  span(start: number, end: number): Span {
    const line = countUpTo(this.#lines, start);
    const first = this.#lines[line - 1]!;
    const halves = countUpTo(this.#halves, start - 1) - countUpTo(this.#halves, first - 1);
    return { line, column: start - first - halves + 1, start, end };
  }
}

const oneLine: readonly number[] = [0];
const withoutHalves: readonly number[] = [];
const secondHalf = /[\udc00-\udfff]/;

/** From the beginning of one span to the end of another. */
export function through(first: Span, last: Span): Span {
  return { line: first.line, column: first.column, start: first.start, end: last.end };
}

/** Where the matches of a pattern end. */
function offsets(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map((match) => match.index + match[0].length);
}

/** How many of the sorted numbers are not greater. */
function countUpTo(sorted: readonly number[], most: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= most) low = middle + 1;
    else high = middle;
  }
  return low;
}
