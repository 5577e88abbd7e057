/** Tests: what an atom stands for. Equal tests are one atom, whichever rules they stand in. */
import type { Expression, Matcher } from '../secl/index.js';
import type { KernelField, Reading, Relative, Role, Settled } from './fields.js';
import { type Formula, formulaKey } from './formula.js';
import { type FactName, fact, fileFacts, type StreamName, source, stream } from './image/layout.js';

export interface TextTest {
  readonly kind: 'text';
  readonly key: string;
  readonly role: Role;
  readonly stream: StreamName;
  readonly reading: Reading;
  readonly settled: Settled;
  /** Any value matches any of them. In the order of their keys. */
  readonly matchers: readonly Matcher[];
}

export interface IntegerTest {
  readonly kind: 'integer';
  readonly key: string;
  readonly role: Role;
  readonly fact: FactName;
  /** Of (fact & mask), as a signed 64-bit number. */
  readonly mask: bigint;
  readonly settled: Settled;
  readonly relation: Relation;
}

/** `in` has its constants in ascending order. */
export type Relation =
  | { readonly operator: 'in'; readonly constants: readonly bigint[] }
  | { readonly operator: '<' | '<=' | '>' | '>='; readonly constant: bigint };

/** A lineage bit of the parent, or of all ancestors together. */
export interface LineageTest {
  readonly kind: 'lineage';
  readonly key: string;
  readonly role: 'lineage';
  readonly of: Relative;
  readonly condition: LineageCondition;
  readonly settled: 'before-exec';
}

/** A lineage bit: a condition on one program, decided when that program is executed. */
export interface LineageCondition {
  /** Equal conditions have the same. */
  readonly key: string;
  /** What it says of a program, in terms of `process.*`. */
  readonly expression: Expression;
  /** The same over tests of an exec. */
  readonly formula: Formula;
}

export type Test = TextTest | IntegerTest | LineageTest;

/** A test of a string field. */
export function textTest(field: Extract<KernelField, { kind: 'text' }>, matchers: readonly Matcher[]): TextTest {
  const sorted = new Map([...matchers].map((matcher) => [matcherKey(matcher), matcher]));
  const keys = [...sorted.keys()].sort();
  const key = `${field.stream} ${field.reading} ${field.role} ${JSON.stringify(keys)}`;
  return { ...field, key, matchers: keys.map((name) => sorted.get(name)!) };
}

/** A test of an integer field, of which `mask` keeps some bits. */
export function integerTest(
  field: Extract<KernelField, { kind: 'integer' }>,
  mask: bigint,
  relation: Relation,
): IntegerTest {
  const both = field.mask & mask;
  const sorted: Relation =
    relation.operator === 'in'
      ? { operator: 'in', constants: [...new Set(relation.constants)].sort(ascending) }
      : relation;
  const operand = sorted.operator === 'in' ? sorted.constants.join() : sorted.constant;
  const key = `${field.fact} & ${both} ${field.role} ${sorted.operator} ${operand}`;
  return { ...field, key, mask: both, relation: sorted };
}

/** The test whether a condition holds of the parent or of some ancestor. */
export function lineageTest(of: Relative, condition: LineageCondition): LineageTest {
  const key = lineageKey(of, condition.key);
  return { kind: 'lineage', key, role: 'lineage', of, condition, settled: 'before-exec' };
}

export function lineageKey(of: Relative, condition: string): string {
  return `${of} ${condition}`;
}

/** A condition on one program. */
export function lineageCondition(expression: Expression, formula: Formula): LineageCondition {
  return { key: formulaKey(formula), expression, formula };
}

/** Whether a value passes. */
export function holds(relation: Relation, value: bigint): boolean {
  switch (relation.operator) {
    case 'in':
      return relation.constants.includes(value);
    case '<':
      return value < relation.constant;
    case '<=':
      return value <= relation.constant;
    case '>':
      return value > relation.constant;
    case '>=':
      return value >= relation.constant;
  }
}

/** The number of the source (enum pc_source) that a test is read from. */
export function sourceOf(test: Test): number {
  if (test.kind === 'lineage') return source[test.of];
  if (test.kind === 'integer') {
    const number = fact[test.fact];
    return test.role === 'interpreter' ? source.interpreterFact + number - fileFacts : source.fact + number;
  }
  if (test.role === 'interpreter') return test.stream === 'path' ? source.interpreterPath : source.interpreterName;
  return source.stream + stream[test.stream];
}

/** A name for a matcher that no other has. */
export function matcherKey(matcher: Matcher): string {
  switch (matcher.kind) {
    case 'exact':
      return `= ${matcher.bytes}`;
    case 'wildcard':
      return `~ ${matcher.pattern}`;
    case 'glob':
      return `/ ${matcher.pattern}`;
    case 'regexp':
      return `r ${matcher.source}`;
  }
}

export function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
