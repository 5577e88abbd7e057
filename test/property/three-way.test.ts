/**
 * The heart of the tests: random rulesets on random execs, decided by the evaluator over events, by the interpreter of the policy image
 * and by the kernel programs, which must agree.
 *
 *   PORTCULLIS_SEED=n    begins with this seed; a failure names the one that repeats it
 *   PORTCULLIS_PAIRS=n   how many pairs of ruleset and exec are tried, at least
 *   PORTCULLIS_SHRINK=n  milliseconds spent on making a case on which they disagree smaller
 */
import { expect, test } from 'vitest';
import { KernelMatcher, whyNoMatcher } from '../kernel/matcher.js';
import { prepare, run } from './engines.js';
import { randomExecution, randomVocabulary } from './execution.js';
import { Random } from './random.js';
import { report } from './report.js';
import { randomRuleset } from './rules.js';
import { type Case, shrink } from './shrink.js';
import { Tally } from './tally.js';

/** Execs that one ruleset is tried on. */
const execsPerRuleset = 8;
/** From this many pairs on, every construct must have come up so often. */
const enoughPairs = 2000;
const leastOfEach = 50;
/** Part of the pairs on which some rule must hold. */
const leastMatching = 0.3;

const pairs = Number(process.env.PORTCULLIS_PAIRS ?? 2400);
const firstSeed = Number(process.env.PORTCULLIS_SEED ?? Math.floor(Math.random() * 2 ** 31));
const shrinking = Number(process.env.PORTCULLIS_SHRINK ?? 20_000);
/** Milliseconds: four times what it takes, for machines that are busy. */
const patience = 120_000 + pairs * 50;

const threeWay = 'evaluator, interpreter and kernel agree';
const reason = whyNoMatcher();
if (reason === undefined) {
  test(threeWay, { timeout: patience }, () => {
    const matcher = KernelMatcher.load();
    try {
      compareAll(matcher);
    } finally {
      matcher.close();
    }
  });
} else {
  test(threeWay, (context) => context.skip(reason));
  test('evaluator and interpreter agree', { timeout: patience }, () => compareAll());
}

function compareAll(matcher?: KernelMatcher): void {
  const tally = new Tally();
  let done = 0;
  let matching = 0;
  console.log(`seed ${firstSeed}, ${pairs} pairs`);
  for (let seed = firstSeed; done < pairs; seed++) {
    const random = new Random(seed);
    const vocabulary = randomVocabulary(random);
    const executions = random.list(execsPerRuleset, () => randomExecution(random, vocabulary));
    const ruleset = randomRuleset(random, executions);
    const prepared = prepare(ruleset);
    for (const execution of executions) {
      const { truths, disagreement } = run(prepared, execution, matcher);
      if (disagreement !== undefined) fail({ ruleset, execution }, seed, matcher);
      if (ruleset.rules.some(({ shape }, rule) => shape !== 'one test' && truths[rule] === true)) matching++;
      for (const truth of truths) tally.count(`answer ${truth}`, { drawn: 1, matched: 0 });
      done++;
    }
    tally.add(ruleset, executions);
    tally.addCompiled(prepared.compiled.rules, prepared.image);
  }
  console.log(`${done} pairs, of which ${matching} match\n${tally.table()}`);
  if (done < enoughPairs) return;
  expect(matching / done).toBeGreaterThan(leastMatching);
  expect(tally.below(leastOfEach)).toEqual([]);
}

function fail(found: Case, seed: number, matcher: KernelMatcher | undefined): never {
  const disagree = ({ ruleset, execution }: Case) => run(prepare(ruleset), execution, matcher).disagreement;
  const smallest = shrink(found, (smaller) => disagree(smaller) !== undefined, shrinking);
  // Not there alone: then it hangs on what the matcher did before, and only the whole seed shows it.
  const disagreement = disagree(smallest);
  throw new Error(
    `the engines disagree; PORTCULLIS_SEED=${seed} PORTCULLIS_PAIRS=${execsPerRuleset} repeats it\n${report(smallest, disagreement)}`,
  );
}
