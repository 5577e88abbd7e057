/**
 * How long a string must be before an automaton has anything to say of it. The kernel does not walk an automaton over a block whose strings
 * are all shorter: patterns that count, such as those for addresses of accounts, cost next to nothing on ordinary command lines.
 */
import { type Automaton, NUL } from './automaton.js';

/**
 * The fewest bytes without a NUL among them, from the beginning of a value or from behind a NUL on, after which the automaton may tell
 * something: on the last of them, on the NUL behind them or at the end of the value. 0: at once. Infinity: never.
 */
export function shortestRun({ classMap, classes, states, rows, outputs, finals, start }: Automaton): number {
  const width = classes + 1;
  const nul = classMap[NUL]!;
  const others = [...new Set(classMap.subarray(1))];
  const behindNul = Array.from({ length: states }, (_, state) => rows[state * width + nul]!);
  const begins = new Set([start, ...behindNul]);
  // What is told on entering a state behind a NUL is told by the run before it.
  const tells = (state: number) =>
    finals[rows[state * width + classes]! - states] !== 0 || outputs[rows[state * width + nul]!] !== 0;

  if (outputs[start] !== 0) return 0;
  const seen = new Uint8Array(states);
  let front = [...begins];
  for (const state of front) seen[state] = 1;
  for (let length = 0; front.length > 0; length++) {
    if (front.some(tells)) return length;
    const next: number[] = [];
    for (const state of front) {
      for (const other of others) {
        const target = rows[state * width + other]!;
        if (outputs[target] !== 0) return length + 1;
        if (seen[target]) continue;
        seen[target] = 1;
        next.push(target);
      }
    }
    front = next;
  }
  return Number.POSITIVE_INFINITY;
}

/** Whole words of eight bytes that such a run has in it wherever it lies, as the image says it; 0 when there need not be one. */
export function wordsOfRun(bytes: number): number {
  if (bytes < 2 * WORD - 1) return 0;
  return Math.min(Math.floor((bytes - (WORD - 1)) / WORD), MOST_WORDS);
}

const WORD = 8;
/** An automaton that never tells anything asks for a run that no block has. */
const MOST_WORDS = 2 ** 31 - 1;
