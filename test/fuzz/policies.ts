/** Policy texts around expressions. */
import type { Random } from '../property/random.js';

/** A policy with one rule for each expression. Quoted by JSON, which YAML reads. */
export function policyOf(
  random: Random,
  expressions: readonly string[],
  macros: Readonly<Record<string, string>> = {},
): string {
  const lines = ['version: 1.0.0', `mode: ${random.pick(['monitor', 'enforce'])}`];
  const names = Object.keys(macros);
  if (names.length > 0) lines.push('macros:');
  for (const name of names) lines.push(`  - id: ${name}`, `    expression: ${JSON.stringify(macros[name])}`);
  lines.push('rules:');
  for (const [at, expression] of expressions.entries()) {
    lines.push(`  - id: rule_${at}`, `    expression: ${JSON.stringify(expression)}`);
    const action = random.pick(['', 'deny: {}', 'kill: {signal: SIGKILL}', 'kill: {signal: SIGTERM}']);
    if (action !== '') lines.push('    actions:', `      - ${action}`);
  }
  return `${lines.join('\n')}\n`;
}
