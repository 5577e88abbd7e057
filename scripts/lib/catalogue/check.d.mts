import type { TestRecord } from '../test-report.mjs';
import type { Group } from './table.mjs';

/** What a test says of the entry it tried, in vitest's `task.meta.catalogue`. */
export interface Tried {
  readonly id: string;
  readonly kernel: string;
  /** Programs that ran without the agent although a rule names them. */
  readonly without: number;
  /** Programs that ran with it, and that no rule names. */
  readonly controls: number;
}

/** One sentence for each thing that is wrong; none when every entry is as the catalogue says. */
export function problemsOf(groups: readonly Group[], tests: readonly TestRecord[]): string[];
