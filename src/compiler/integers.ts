/** Tests of integers as tables: the constants cut the number line into regions, and each region says which tests hold. */
import type { ListId, Output, OutputLists } from './automata/outputs.js';
import { type FactName, fact } from './image/layout.js';
import { integerPoints, integerTables } from './limits.js';
import { ascending, holds, type IntegerTest } from './tests.js';

/** Regions: below points[0], equal to it, between it and points[1], and so on. */
export interface IntegerTable {
  readonly fact: FactName;
  readonly mask: bigint;
  readonly points: readonly bigint[];
  readonly regions: readonly ListId[];
}

export interface Integers {
  readonly tables: readonly IntegerTable[];
  /** Tests that have no place, with the reason. */
  readonly rejected: ReadonlyMap<IntegerTest, string>;
}

/** One table for each fact and mask. `atom`: the number of a test. */
export function buildIntegers(
  tests: readonly IntegerTest[],
  atom: (test: IntegerTest) => number,
  lists: OutputLists,
): Integers {
  const groups = new Map<string, IntegerTest[]>();
  for (const test of tests) {
    const name = `${String(fact[test.fact]).padStart(2, '0')} ${test.mask}`;
    const group = groups.get(name);
    if (group) group.push(test);
    else groups.set(name, [test]);
  }
  const tables: IntegerTable[] = [];
  const rejected = new Map<IntegerTest, string>();
  for (const name of [...groups.keys()].sort()) {
    const group = groups.get(name)!;
    const points = pointsOf(group);
    const reason =
      tables.length === integerTables.value
        ? `the rules compare more than ${integerTables.value} different integers`
        : points.length > integerPoints.value
          ? `one field is compared with more than ${integerPoints.value} constants`
          : undefined;
    if (reason !== undefined) {
      for (const test of group) rejected.set(test, reason);
      continue;
    }
    tables.push({ fact: group[0]!.fact, mask: group[0]!.mask, points, regions: regionsOf(points, group, atom, lists) });
  }
  return { tables, rejected };
}

function pointsOf(tests: readonly IntegerTest[]): bigint[] {
  const constants = tests.flatMap(({ relation }) =>
    relation.operator === 'in' ? relation.constants : [relation.constant],
  );
  return [...new Set(constants)].sort(ascending);
}

function regionsOf(
  points: readonly bigint[],
  tests: readonly IntegerTest[],
  atom: (test: IntegerTest) => number,
  lists: OutputLists,
): ListId[] {
  const regions = 2 * points.length + 1;
  const outputs: Output[][] = Array.from({ length: regions }, () => []);
  const regionOf = new Map(points.map((point, index) => [point, 2 * index + 1]));
  for (const test of tests) {
    const output: Output = { kind: 'atom', atom: atom(test) };
    if (test.relation.operator === 'in') {
      for (const constant of test.relation.constants) outputs[regionOf.get(constant)!]!.push(output);
      continue;
    }
    for (let region = 0; region < regions; region++) {
      if (holds(test.relation, sampleOf(points, region))) outputs[region]!.push(output);
    }
  }
  return outputs.map((list) => lists.intern(list));
}

/**
 * A number of the region for comparing with the points: the point itself, or one beside it. Between neighbours there is none,
 * and no fact either.
 */
function sampleOf(points: readonly bigint[], region: number): bigint {
  if (region % 2 === 1) return points[(region - 1) / 2]!;
  return region === 0 ? points[0]! - 1n : points[region / 2 - 1]! + 1n;
}

/** The output list for a fact, and for a whole table its region. */
export function regionFor(points: readonly bigint[], value: bigint): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return points[low] === value ? 2 * low + 1 : 2 * low;
}
