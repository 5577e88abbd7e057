/** All the kinds of hosts that some label expressions can tell apart. */
import { limits } from '../limits.js';
import type { Labels, Selector } from './selector.js';

/**
 * One set of labels for each combination that the expressions can tell apart: of every label they name, absent, each
 * value they name, and one they do not. Undefined when there are more than the limit allows.
 */
export function labelCombinations(selectors: readonly Selector[]): Labels[] | undefined {
  const named = new Map<string, Set<string>>();
  for (const selector of selectors) collect(selector, named);
  let combinations: Labels[] = [{}];
  for (const [key, values] of named) {
    const choices = [...values, unnamed(values)];
    if (combinations.length * (choices.length + 1) > limits.labelCombinations.value) return undefined;
    combinations = combinations.flatMap((labels) => [labels, ...choices.map((value) => ({ ...labels, [key]: value }))]);
  }
  return combinations;
}

function collect(selector: Selector, named: Map<string, Set<string>>): void {
  switch (selector.node) {
    case 'all':
      return;
    case 'has':
      valuesOf(named, selector.key);
      return;
    case 'in':
      for (const value of selector.values) valuesOf(named, selector.key).add(value);
      return;
    case 'not':
      collect(selector.operand, named);
      return;
    case 'and':
    case 'or':
      for (const operand of selector.operands) collect(operand, named);
  }
}

function valuesOf(named: Map<string, Set<string>>, key: string): Set<string> {
  const values = named.get(key) ?? new Set();
  named.set(key, values);
  return values;
}

function unnamed(values: ReadonlySet<string>): string {
  let value = 'another';
  while (values.has(value)) value += '-one';
  return value;
}
