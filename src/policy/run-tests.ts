/** Runs the tests of a policy: which rules match each event, against what the test says. */
import {
  type Event,
  EventError,
  evaluateViews,
  eventFromFlat,
  nearestNames,
  parseIp,
  showBytes,
  toBytes,
  type Value,
} from '../secl/index.js';
import type { Rule, Ruleset, VariableDeclaration } from './ruleset.js';
import type { FlatEvent, PolicyTest } from './test-file.js';

/** A rule that did not do what the test says, and what it saw. */
export interface Difference {
  readonly rule: string;
  /** `missing`: it should match. `unexpected`: it should not. `unknown`: it has no answer. `known`: it should have none. */
  readonly what: 'missing' | 'unexpected' | 'unknown' | 'known';
  /** The rule's text. */
  readonly expression: string;
  /** What the event says of the fields that the rule reads, by name, as text. */
  readonly facts: readonly (readonly [string, string])[];
}

export interface TestResult {
  readonly test: PolicyTest;
  readonly passed: boolean;
  readonly matched: readonly string[];
  readonly differences: readonly Difference[];
  /** The test cannot be run as it is written. */
  readonly problem?: string;
}

export function runTest(test: PolicyTest, ruleset: Ruleset): TestResult {
  const problem = unknownRule(test, ruleset);
  if (problem !== undefined) return { test, passed: false, matched: [], differences: [], problem };
  try {
    return evaluateTest(test, ruleset);
  } catch (error) {
    if (!(error instanceof EventError) && !(error instanceof TestVariableError)) throw error;
    return { test, passed: false, matched: [], differences: [], problem: error.message };
  }
}

function evaluateTest(test: PolicyTest, { rules, variables }: Ruleset): TestResult {
  const views = test.views.map(eventFromFlat);
  const context = { now: BigInt(Date.now()) * 1_000_000n, variables: readVariables(test.variables, variables) };
  const matched: string[] = [];
  const differences: Difference[] = [];
  for (const rule of rules) {
    if (rule.event !== test.type) continue;
    const truth = evaluateViews(rule.expression, views, context);
    if (truth === true) matched.push(rule.id);
    const what = compare(rule.id, truth, test);
    if (what !== undefined) {
      differences.push({ rule: rule.id, what, expression: rule.source, facts: factsOf(rule, views) });
    }
  }
  // A rule about another event does not match this one.
  for (const id of test.rules ?? []) {
    const rule = rules.find((candidate) => candidate.id === id);
    if (rule !== undefined && rule.event !== test.type) {
      const facts = [['the event is', test.type] as const, ['the rule is about', rule.event] as const];
      differences.push({ rule: id, what: 'missing', expression: rule.source, facts });
    }
  }
  return { test, passed: differences.length === 0, matched, differences };
}

function compare(
  id: string,
  truth: ReturnType<typeof evaluateViews>,
  test: PolicyTest,
): Difference['what'] | undefined {
  if (truth === 'unknown') return test.unknown.includes(id) ? undefined : 'unknown';
  if (test.unknown.includes(id)) return 'known';
  if (truth) return test.not.includes(id) || test.rules?.includes(id) === false ? 'unexpected' : undefined;
  return test.rules?.includes(id) ? 'missing' : undefined;
}

function unknownRule({ rules = [], not, unknown }: PolicyTest, ruleset: Ruleset): string | undefined {
  const ids = ruleset.rules.map(({ id }) => id);
  const odd = [...rules, ...not, ...unknown].find((id) => !ids.includes(id));
  if (odd === undefined) return undefined;
  const [near] = nearestNames(odd, ids);
  return `there is no rule ${odd}${near === undefined ? '' : `; did you mean ${near}?`}`;
}

/** What a test says about a variable does not go with its declaration. */
class TestVariableError extends Error {
  override readonly name = 'TestVariableError';
  readonly code = 'test-variable';
}

function readVariables(
  given: FlatEvent,
  declared: ReadonlyMap<string, VariableDeclaration>,
): ReadonlyMap<string, Value> {
  return new Map(
    Object.entries(given).map(([name, value]) => {
      const declaration = declared.get(name);
      if (declaration === undefined) throw new TestVariableError(`no rule sets a variable ${name}`);
      return [name, readVariable(value, declaration)];
    }),
  );
}

function readVariable(value: unknown, { name, kind, list }: VariableDeclaration): Value {
  const one = (item: unknown) => {
    if (kind === 'string' && typeof item === 'string') return toBytes(item);
    if (kind === 'int' && typeof item === 'bigint') return item;
    if (kind === 'bool' && typeof item === 'boolean') return item;
    const network = kind === 'ip' && typeof item === 'string' ? parseIp(item) : undefined;
    if (network !== undefined) return network;
    throw new TestVariableError(`the variable ${name} holds ${list ? 'a list of ' : ''}${kind}, not ${String(item)}`);
  };
  if (Array.isArray(value)) return value.map(one);
  return list ? [one(value)] : one(value);
}

function factsOf({ fields }: Rule, views: readonly Event[]): [string, string][] {
  return fields.flatMap((field) =>
    views.map((view, level): [string, string] => {
      const name = views.length === 1 ? field.name : `${field.name} (view ${level + 1})`;
      if (field.iterator !== undefined) {
        const { elements, complete } = view.iterate(field.iterator);
        const shown = elements.map((element) => show(element.get(field)));
        return [name, `[${[...shown, ...(complete ? [] : ['...'])].join(', ')}]`];
      }
      return [name, show(view.get(field))];
    }),
  );
}

function show(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(showBytes(value));
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(show).join(', ')}]`;
  if (typeof value !== 'object') return String(value);
  if (!('known' in value)) return 'an address';
  switch (value.known) {
    case 'nothing':
      return 'unknown';
    case 'prefix':
      return `${show(value.prefix)} and perhaps more`;
    case 'elements':
      return `${show(value.elements)} and perhaps more`;
    case 'age':
      return `${value.nanoseconds} ns ago`;
    default:
      return '?';
  }
}
