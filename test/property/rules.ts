/**
 * Random rules as SECL text. Literals are taken from the execs they will be tried on, whole or in parts, so that many match; each rule is
 * a tree of tests, so that it can be made smaller.
 */
import type { Execution } from './execution.js';
import type { Random } from './random.js';
import { randomTest, type SeclTest } from './tests.js';

export type Formula =
  | { readonly kind: 'test'; readonly test: SeclTest }
  | { readonly kind: 'not'; readonly operand: Formula }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Formula[] };

export interface RandomRule {
  readonly formula: Formula;
  /** What the construct is counted as. */
  readonly shape: 'one test' | 'small' | 'nested' | 'many clauses';
  readonly action: 'deny' | 'kill' | 'terminate' | 'none';
  readonly mode: 'monitor' | 'enforce';
}

export interface RandomRuleset {
  readonly rules: readonly RandomRule[];
  readonly onUnknown: 'report' | 'enforce';
}

export function randomRuleset(random: Random, executions: readonly Execution[]): RandomRuleset {
  const rules = random.list(random.between(2, 5), () => randomRule(random, executions));
  // In a larger formula an error in one test is often hidden by the others.
  const alone = new Map(rules.flatMap(({ formula }) => testsOf(formula)).map((test) => [test.text, test]));
  return {
    rules: [...rules, ...[...alone.values()].slice(0, mostAlone).map(onlyTest)],
    onUnknown: random.pick(['report', 'enforce']),
  };
}

/** How many tests of the rules are rules by themselves besides. */
const mostAlone = 12;

function onlyTest(test: SeclTest): RandomRule {
  return { formula: { kind: 'test', test }, shape: 'one test', action: 'none', mode: 'monitor' };
}

function randomRule(random: Random, executions: readonly Execution[]): RandomRule {
  const shape = random.weighted([
    [5, 'small'],
    [3, 'nested'],
    [2, 'many clauses'],
  ] as const);
  const test = () => randomTest(random, random.pick(executions));
  return {
    formula: formulaOf(random, shape, test),
    shape,
    action: random.pick(['deny', 'kill', 'terminate', 'none']),
    mode: random.pick(['monitor', 'enforce', 'enforce']),
  };
}

function formulaOf(random: Random, shape: RandomRule['shape'], test: () => SeclTest): Formula {
  switch (shape) {
    case 'one test':
      return { kind: 'test', test: test() };
    case 'small':
      return nested(random, random.between(0, 1), test);
    case 'nested':
      return nested(random, random.between(2, 4), test);
    case 'many clauses': {
      // A conjunction of disjunctions: four to the fourth power clauses, more than a rule may have.
      const some = random.list(6, test);
      const groups = random.list(random.between(4, 5), () => ({
        kind: 'or' as const,
        operands: random.list(random.between(3, 5), () =>
          literal(random, random.chance(0.5) ? random.pick(some) : test()),
        ),
      }));
      const formula: Formula = { kind: 'and', operands: groups };
      return random.chance(0.3) ? { kind: 'or', operands: [formula, literal(random, test())] } : formula;
    }
  }
}

function nested(random: Random, depth: number, test: () => SeclTest): Formula {
  if (depth === 0) return literal(random, test());
  const operands = random.list(random.between(2, 3), () =>
    nested(random, depth - random.between(1, 2) < 0 ? 0 : depth - 1, test),
  );
  const formula: Formula = { kind: random.pick(['and', 'or', 'or']), operands };
  return random.chance(0.25) ? { kind: 'not', operand: formula } : formula;
}

function literal(random: Random, test: SeclTest): Formula {
  const formula: Formula = { kind: 'test', test };
  return random.chance(0.25) ? { kind: 'not', operand: formula } : formula;
}

/** The tests of a formula, in order. */
export function testsOf(formula: Formula): SeclTest[] {
  switch (formula.kind) {
    case 'test':
      return [formula.test];
    case 'not':
      return testsOf(formula.operand);
    case 'and':
    case 'or':
      return formula.operands.flatMap(testsOf);
  }
}

/** The expression of a formula, with parentheses around everything. */
export function textOf(formula: Formula): string {
  switch (formula.kind) {
    case 'test':
      return formula.test.text;
    case 'not':
      return `!(${textOf(formula.operand)})`;
    case 'and':
    case 'or':
      return formula.operands.map((operand) => `(${textOf(operand)})`).join(formula.kind === 'and' ? ' && ' : ' || ');
  }
}

/** A rule says by its fields which event it is about; `process.` alone does not. */
function expressionOf(formula: Formula): string {
  const text = textOf(formula);
  if (text.includes('exec.')) return text;
  return text.includes('process.')
    ? text.replace('process.', 'exec.')
    : text.replace(/(?:container|cgroup)\.id/, 'exec.$&');
}

/** The ruleset as a policy file. JSON is YAML. */
export function policyOf({ rules }: RandomRuleset): string {
  return JSON.stringify({
    version: '1.0.0',
    rules: rules.map(({ formula, action, mode }, index) => ({
      id: `rule_${index}`,
      expression: expressionOf(formula),
      ...(action !== 'none' && { mode, actions: [actionOf(action)] }),
    })),
  });
}

function actionOf(action: Exclude<RandomRule['action'], 'none'>): object {
  switch (action) {
    case 'deny':
      return { deny: {} };
    case 'kill':
      return { kill: { signal: 'SIGKILL' } };
    case 'terminate':
      return { kill: { signal: 'SIGTERM' } };
  }
}
