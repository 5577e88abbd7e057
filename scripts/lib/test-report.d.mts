import type { Tried } from './catalogue/check.mjs';

export interface Tally {
  passed: number;
  failed: number;
  skipped: { name: string; reason: string }[];
}

/** One test of the report that tally-reporter.mjs writes, under its key `tests`. */
export interface TestRecord {
  /** Relative to the project. */
  readonly file: string;
  /** With the names of the suites around it. */
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending';
  /** What it says of an entry of the bypass catalogue. */
  readonly catalogue?: Tried;
}

export function tallyOfCheck(holds: boolean): Tally;
export function tallyOfVitest(path: string, status: number): Promise<Tally>;
export function sum(tallies: readonly Tally[]): Tally;
