/** Parts of a text that are not to be shown. */

/** Offsets in UTF-16 units; `end` is behind the last one. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** What stands in place of a secret, whatever its length was. */
export const MASK = '***';

/** The text with every range masked; ranges may overlap and come in any order. */
export function masked(text: string, ranges: readonly Range[]): string {
  if (ranges.length === 0) return text;
  let result = '';
  let at = 0;
  for (const { start, end } of merged(ranges)) {
    result += text.slice(at, start) + MASK;
    at = end;
  }
  return result + text.slice(at);
}

/** In order, without overlaps and without empty ones. */
export function merged(ranges: readonly Range[]): Range[] {
  const ordered = ranges.filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start);
  const result: Range[] = [];
  for (const range of ordered) {
    const last = result.at(-1);
    if (last === undefined || range.start > last.end) result.push(range);
    else if (range.end > last.end) result[result.length - 1] = { start: last.start, end: range.end };
  }
  return result;
}
