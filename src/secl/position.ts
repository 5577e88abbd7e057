import type { Span } from './errors.js';

/** Turns offsets into a text (UTF-16 units) into lines and columns, both from 1; columns count characters. */
export class Positions {
  readonly #text: string;
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.#text = text;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  span(start: number, end: number): Span {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= start) low = middle;
      else high = middle - 1;
    }
    let column = 1;
    for (let at = this.#starts[low]!; at < start; at += this.#text.codePointAt(at)! > 0xffff ? 2 : 1) column++;
    return { line: low + 1, column, start, end };
  }
}

/** From the beginning of one span to the end of another. */
export function through(first: Span, last: Span): Span {
  return { line: first.line, column: first.column, start: first.start, end: last.end };
}
