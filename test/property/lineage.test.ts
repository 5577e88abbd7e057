/**
 * Parents and ancestors in the three engines: random process trees that fork, execute and end while rulesets come and go, against an
 * evaluator that knows the whole tree. The same variables as for the three-way test; PORTCULLIS_PAIRS counts execs here.
 */
import { expect, test } from 'vitest';
import { KernelMatcher, whyNoMatcher } from '../kernel/matcher.js';
import { randomExecution, randomVocabulary } from './execution.js';
import { randomHistory } from './family.js';
import { Random } from './random.js';
import { randomLineageRules, subjects, subjectsOf } from './relatives.js';
import { reportHistory, shrinkHistory } from './shrink-history.js';
import { type Decided, type History, prepare, simulate } from './simulation.js';

/** From this many execs on, everything must have come up so often. */
const enough = 1000;
const leastOfEach = 50;

const execs = Number(process.env.PORTCULLIS_PAIRS ?? 1200);
const firstSeed = Number(process.env.PORTCULLIS_SEED ?? Math.floor(Math.random() * 2 ** 31));
const shrinking = Number(process.env.PORTCULLIS_SHRINK ?? 20_000);
/** Milliseconds: four times what it takes, for machines that are busy. */
const patience = 120_000 + execs * 100;

const reason = whyNoMatcher();
if (reason === undefined) {
  test('evaluator, interpreter and kernel agree on process trees', { timeout: patience }, () => {
    const matcher = KernelMatcher.load();
    try {
      compareAll(matcher);
    } finally {
      matcher.close();
    }
  });
} else {
  test('evaluator, interpreter and kernel agree on process trees', (context) => context.skip(reason));
  test('evaluator and interpreter agree on process trees', { timeout: patience }, () => compareAll());
}

function compareAll(matcher?: KernelMatcher): void {
  const counts = new Map<string, number>();
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const subject of subjects) counts.set(`rules about ${subject} that hold`, 0);
  let done = 0;
  console.log(`seed ${firstSeed}, ${execs} execs`);
  for (let seed = firstSeed; done < execs; seed++) {
    const history = randomTree(new Random(seed));
    const failure = simulate(history, matcher, (exec) => {
      done++;
      for (const name of namesOf(exec)) count(name);
    });
    if (failure !== undefined) fail(history, seed, matcher);
    for (const { step } of history.steps) count(`step ${step}`);
    for (const rules of history.rulesets) {
      for (const { decision } of prepare(rules).compiled.rules) count(`rule ${decision}`);
    }
  }
  console.log([...counts].map(([name, number]) => `${name.padEnd(50)}${number}`).join('\n'));
  if (done < enough) return;
  expect([...counts].filter(([, number]) => number < leastOfEach)).toEqual([]);
}

function randomTree(random: Random): History {
  const vocabulary = randomVocabulary(random);
  const programs = random.list(5, () => randomExecution(random, vocabulary));
  const rulesets = random.list(2, () => randomLineageRules(random, programs));
  return { programs, rulesets, steps: randomHistory(random, programs.length, rulesets.length, 40) };
}

/** What an exec is counted as. */
function namesOf({ member, rules, truths }: Decided): string[] {
  const names = truths.flatMap((truth, at) => [
    `answer ${truth}`,
    ...(truth === true ? [...subjectsOf(rules[at]!)].map((subject) => `rules about ${subject} that hold`) : []),
  ]);
  const { line, complete } = member;
  if (line.length === 0) names.push('exec without a known parent');
  if (line.length > 3) names.push('exec with more than three ancestors');
  if (!complete && line.length > 0) names.push('exec of which only some ancestors are known');
  if (line.some(({ levels }) => levels.length > 1)) names.push('exec below a script');
  return names;
}

function fail(history: History, seed: number, matcher: KernelMatcher | undefined): never {
  const smallest = shrinkHistory(history, (smaller) => simulate(smaller, matcher) !== undefined, shrinking);
  const report = reportHistory(smallest, simulate(smallest, matcher));
  throw new Error(`the engines disagree; PORTCULLIS_SEED=${seed} PORTCULLIS_PAIRS=1 repeats it\n${report}`);
}
