export interface Entry {
  readonly id: string;
  readonly what: string;
  readonly status: 'blocked' | 'not-blocked' | 'out-of-scope';
  readonly why: string;
  readonly test?: string;
  readonly kernels?: readonly string[];
}

export interface Group {
  readonly title: string;
  readonly entries: readonly Entry[];
}

export const STATUSES: readonly Entry['status'][];

/** Throws CommandError with the entry and what is wrong with it. */
export function readTable(text: string): Group[];

/** Throws CommandError when the page has no place for the tables. */
export function withTables(page: string, groups: readonly Group[]): string;
