/** Makes a history on which the engines disagree smaller, and tells it in text. */
import { performance } from 'node:perf_hooks';
import type { Execution } from './execution.js';
import { reportExecution } from './report.js';
import { textOf } from './rules.js';
import { smallerExecutions, smallerFormulas, withoutOne } from './shrink.js';
import type { Failure, History } from './simulation.js';

/** The smallest history found in some milliseconds that is still one. */
export function shrinkHistory(found: History, isOne: (smaller: History) => boolean, patience: number): History {
  const end = performance.now() + patience;
  let smallest = found;
  const next = () => {
    for (const smaller of smallerHistories(smallest)) {
      if (performance.now() >= end) return undefined;
      try {
        if (isOne(smaller)) return smaller;
      } catch {
        // Not a history at all, say, because a rule of it names no field.
      }
    }
    return undefined;
  };
  for (let smaller = next(); smaller !== undefined; smaller = next()) smallest = smaller;
  return smallest;
}

function* smallerHistories(history: History): Generator<History> {
  const { programs, rulesets, steps } = history;
  for (const fewer of withoutOne(steps)) yield { ...history, steps: fewer };
  for (const [at, rules] of rulesets.entries()) {
    const replaced = (smaller: typeof rules) => ({ ...history, rulesets: rulesets.with(at, smaller) });
    for (const fewer of withoutOne(rules)) yield replaced(fewer);
    for (const [number, rule] of rules.entries()) {
      for (const formula of smallerFormulas(rule.formula)) yield replaced(rules.with(number, { ...rule, formula }));
    }
  }
  for (const [at, program] of programs.entries()) {
    for (const smaller of smallerExecutions(program)) yield { ...history, programs: programs.with(at, smaller) };
  }
}

export function reportHistory({ programs, rulesets, steps }: History, failure: Failure | undefined): string {
  const number = (program: Execution) => programs.indexOf(program);
  const answers =
    failure === undefined
      ? ['alone they agree: the difference hangs on what was decided before']
      : [
          ...Object.entries(failure.disagreement.answers).map(([engine, answer]) => `${engine}: ${answer}`),
          `at step ${failure.at}, rule ${failure.disagreement.rule}, by a process of the line ${failure.member.line.map(number).join(' ')} (${failure.member.complete ? 'complete' : 'and more'})`,
        ];
  return [
    ...answers,
    ...rulesets.flatMap((rules, at) =>
      rules.map(({ formula }, rule) => `ruleset ${at} rule ${rule}: ${textOf(formula)}`),
    ),
    ...steps.map((step, at) => `step ${at}: ${JSON.stringify(step)}`),
    ...programs.flatMap((program, at) => [`program ${at}:`, ...reportExecution(program)]),
  ].join('\n');
}
