import { type LoadOptions, loadPolicies, type Ruleset } from '../../src/policy/index.js';

/** Loads one policy text. */
export function load(text: string | Uint8Array, options: LoadOptions = {}): Ruleset {
  return loadPolicies([{ file: 'test.policy', text }], options);
}

/** Loads several, as files `a.policy`, `b.policy`, ... */
export function loadAll(...texts: string[]): Ruleset {
  return loadPolicies(texts.map((text, index) => ({ file: `${'abcdef'[index]}.policy`, text })));
}

/** `severity code line:column` of each diagnostic. */
export function places({ diagnostics }: Ruleset): string[] {
  return diagnostics.map(({ severity, code, line, column }) => `${severity} ${code} ${line}:${column}`);
}

/** What the marks under the source lines point at. */
export function marked({ diagnostics }: Ruleset): string[] {
  return diagnostics.map(({ excerpt, column, endColumn }) => (excerpt ?? '').slice(column - 1, (endColumn ?? 1) - 1));
}

/** A policy with one rule; the lines stand under its id, which is on line 3. */
export function withRule(...lines: string[]): string {
  return ['version: 1.0.0', 'rules:', '  - id: one', ...lines.map((line) => `    ${line}`), ''].join('\n');
}

export const expression = 'expression: exec.file.name == "x"';
