/** Places in a journal. Segments are numbered, not dated: a clock that jumps puts nothing into another order. */

export interface Position {
  readonly segment: number;
  /** Bytes from the segment's beginning, always between two lines. */
  readonly offset: number;
}

export function isBefore(one: Position, other: Position): boolean {
  return one.segment < other.segment || (one.segment === other.segment && one.offset < other.offset);
}

const digits = 12;

export function segmentName(number: number): string {
  return `${String(number).padStart(digits, '0')}.journal`;
}

/** The number of a segment's file; undefined for any other file. */
export function segmentNumber(name: string): number | undefined {
  const [, number] = /^(\d{12})\.journal$/.exec(name) ?? [];
  return number === undefined ? undefined : Number(number);
}
