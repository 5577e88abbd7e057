/** Makes a case on which engines disagree smaller, for people to read. */
import { performance } from 'node:perf_hooks';
import { blockOf, type Execution, type Text } from './execution.js';
import type { Formula, RandomRuleset } from './rules.js';

export interface Case {
  readonly ruleset: RandomRuleset;
  readonly execution: Execution;
}

/** The smallest case found in some milliseconds that is still one. `isCase` may throw: then it is not. */
export function shrink(found: Case, isCase: (smaller: Case) => boolean, patience: number): Case {
  let smallest = found;
  const end = performance.now() + patience;
  const holds = (smaller: Case) => {
    try {
      return isCase(smaller);
    } catch {
      return false;
    }
  };
  for (let progress = true; progress && performance.now() < end; ) {
    progress = false;
    for (const smaller of smallerCases(smallest)) {
      if (performance.now() >= end) break;
      if (!holds(smaller)) continue;
      smallest = smaller;
      progress = true;
      break;
    }
  }
  return smallest;
}

function* smallerCases({ ruleset, execution }: Case): Generator<Case> {
  for (const rules of withoutOne(ruleset.rules))
    if (rules.length > 0) yield { ruleset: { ...ruleset, rules }, execution };
  for (const [at, rule] of ruleset.rules.entries()) {
    for (const formula of smallerFormulas(rule.formula)) {
      yield { ruleset: { ...ruleset, rules: ruleset.rules.with(at, { ...rule, formula }) }, execution };
    }
  }
  for (const smaller of smallerExecutions(execution)) yield { ruleset, execution: smaller };
}

export function* smallerFormulas(formula: Formula): Generator<Formula> {
  switch (formula.kind) {
    case 'test':
      return;
    case 'not':
      yield formula.operand;
      for (const operand of smallerFormulas(formula.operand)) yield { ...formula, operand };
      return;
    case 'and':
    case 'or':
      yield* formula.operands;
      for (const operands of withoutOne(formula.operands)) if (operands.length > 1) yield { ...formula, operands };
      for (const [at, operand] of formula.operands.entries()) {
        for (const smaller of smallerFormulas(operand))
          yield { ...formula, operands: formula.operands.with(at, smaller) };
      }
  }
}

export function* smallerExecutions(execution: Execution): Generator<Execution> {
  const { levels, argv, envs, block, comm, tty, cgroup, container } = execution;
  for (const fewer of withoutOne(levels)) if (fewer.length > 0) yield { ...execution, levels: fewer };
  for (const fewer of withoutOne(envs)) yield cutWithin({ ...execution, envs: fewer });
  for (const fewer of withoutOne(argv)) yield cutWithin({ ...execution, argv: fewer });
  for (const [at, text] of argv.entries()) {
    for (const shorter of shorterBytes(text)) yield cutWithin({ ...execution, argv: argv.with(at, shorter) });
  }
  for (const [at, text] of envs.entries()) {
    for (const shorter of shorterBytes(text)) yield cutWithin({ ...execution, envs: envs.with(at, shorter) });
  }
  if (execution.last === 'unfinished') yield { ...execution, last: 'program' };
  if (block !== 'all') yield { ...execution, block: 'all' };
  if (typeof block === 'number' && block > 0) yield { ...execution, block: block - 1 };
  for (const shorter of shorterTexts(comm)) yield { ...execution, comm: shorter };
  for (const shorter of shorterTexts(tty)) yield { ...execution, tty: shorter };
  for (const shorter of shorterTexts(cgroup)) yield { ...execution, cgroup: shorter };
  for (const shorter of shorterTexts(container)) yield { ...execution, container: shorter };
  for (const [at, level] of levels.entries()) {
    for (const path of shorterTexts(level.path)) yield { ...execution, levels: levels.with(at, { ...level, path }) };
    for (const name of shorterTexts(level.name)) yield { ...execution, levels: levels.with(at, { ...level, name }) };
  }
}

function cutWithin(execution: Execution): Execution {
  const { block } = execution;
  return typeof block === 'number' ? { ...execution, block: Math.min(block, blockOf(execution).length) } : execution;
}

function* shorterTexts({ bytes, read }: Text): Generator<Text> {
  if (read !== 'all') yield { bytes, read: 'all' };
  for (const shorter of shorterBytes(bytes)) {
    yield { bytes: shorter, read: typeof read === 'number' ? Math.min(read, shorter.length) : read };
  }
}

/** Without its first or second half, or one byte. */
function* shorterBytes(bytes: string): Generator<string> {
  if (bytes === '') return;
  const middle = bytes.length >> 1;
  yield bytes.slice(middle + 1);
  yield bytes.slice(0, middle);
  if (bytes.length > 64) {
    yield bytes.slice(64);
    yield bytes.slice(0, -64);
  }
  yield bytes.slice(1);
  yield bytes.slice(0, -1);
  for (let at = 1; at < Math.min(bytes.length - 1, 24); at++) yield bytes.slice(0, at) + bytes.slice(at + 1);
}

export function* withoutOne<T>(items: readonly T[]): Generator<T[]> {
  for (const at of items.keys()) yield items.toSpliced(at, 1);
}
