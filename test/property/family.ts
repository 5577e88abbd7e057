/**
 * Random process trees: what forks, executes and ends, and when another ruleset comes into force. A history is data, so that it can be
 * made smaller.
 */
import type { Execution } from './execution.js';
import type { Random } from './random.js';

/** `process`: counts the processes that live then, from 0 again past the last. */
export type Step =
  | { readonly step: 'fork'; readonly process: number }
  | { readonly step: 'exec'; readonly process: number; readonly program: number }
  | { readonly step: 'exit'; readonly process: number }
  /** `forgotten`: of so many processes, from the first on, all but the youngest so many programs are not remembered. */
  | { readonly step: 'swap'; readonly ruleset: number; readonly forgotten: number; readonly remembered: number };

/** One process, as somebody knows it who has seen everything since it is known. */
export interface Member {
  /** What it runs, and all that was run before in the line of forks and execs that led to it; the youngest first. */
  readonly line: readonly Execution[];
  /** Nothing came before the last of the line. */
  readonly complete: boolean;
}

export function randomHistory(random: Random, programs: number, rulesets: number, length: number): Step[] {
  return random.list(length, () =>
    random.weighted<() => Step>([
      [6, () => ({ step: 'fork', process: random.below(16) })],
      [10, () => ({ step: 'exec', process: random.below(16), program: random.below(programs) })],
      [2, () => ({ step: 'exit', process: random.below(16) })],
      [
        2,
        () => ({
          step: 'swap',
          ruleset: random.below(rulesets),
          forgotten: random.chance(0.4) ? random.between(1, 3) : 0,
          remembered: random.below(3),
        }),
      ],
    ])(),
  );
}

/** Those that live before the first step: of one the beginning is known, of the other nothing. */
export function firstMembers(program: Execution): Member[] {
  return [
    { line: [program], complete: true },
    { line: [], complete: false },
  ];
}
