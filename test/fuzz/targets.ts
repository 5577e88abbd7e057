/** What is fuzzed: how an input is made, and what must hold for it. */
import { Random } from '../property/random.js';
import { type Corpus, readCorpus } from './corpus.js';
import { compiler } from './targets/compiler.js';
import { config } from './targets/config.js';
import { control } from './targets/control.js';
import { evaluator } from './targets/evaluator.js';
import { lexer } from './targets/lexer.js';
import { parser } from './targets/parser.js';
import { policy } from './targets/policy.js';

export interface Target {
  /** A new input. */
  readonly make: (random: Random, corpus: Corpus) => string;
  /** Throws when something does not hold; errors that the part promises are not among those. */
  readonly run: (input: string, random: Random) => void;
}

export const targets = { lexer, parser, policy, compiler, eval: evaluator, config, control } as const satisfies Record<
  string,
  Target
>;

export type TargetName = keyof typeof targets;

/** One try: everything about it follows from the three. */
export interface Try {
  readonly target: TargetName;
  readonly seed: number;
  readonly number: number;
}

export function inputOf({ target, seed, number }: Try, corpus: Corpus): string {
  return targets[target].make(randomOf(seed, number), corpus);
}

/** Runs an input; the choices besides it are those of the try. */
export function runInput({ target, seed, number }: Try, input: string): void {
  targets[target].run(input, randomOf(seed ^ 0x5bd1e995, number));
}

function randomOf(seed: number, number: number): Random {
  return new Random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
}

export { type Corpus, readCorpus };
