/** Policy files to a ruleset. Pure: reads no file and asks nothing of the host. */
import type { Macro, Scope } from '../secl/index.js';
import { combine } from './combine.js';
import { compileRule } from './compile-rule.js';
import type { MacroDefinition, PolicyDefinition } from './definition.js';
import { anyLinux, type HostFacts } from './host.js';
import { limits } from './limits.js';
import { lintMacro } from './lint/index.js';
import { checkMacros, loadMacros } from './macros.js';
import { type PolicyFile, parsePolicyFile } from './parse-file.js';
import type { Reporter } from './reporter.js';
import type { Rule, Ruleset } from './ruleset.js';
import { Selection } from './select.js';
import { declareVariables } from './variables.js';

export interface LoadOptions {
  /** What `filters` are tested against. Default: a Linux of which nothing else is known. */
  readonly host?: HostFacts;
  /** What to do about `&&` beside `||` without parentheses. Default: warn. */
  readonly mixedLogical?: NonNullable<Scope['mixedLogical']>;
  /** Whether to warn about what loads and is hardly meant. Default: no. */
  readonly lints?: 'report' | 'none';
}

/**
 * Loads policy files in their order. Never throws on what a file says: a file that is no policy is refused whole, a bad
 * macro, rule or action takes its rule with it, and everything refused is an error among the diagnostics.
 */
export function loadPolicies(files: readonly PolicyFile[], options: LoadOptions = {}): Ruleset {
  const reporters: Reporter[] = [];
  const policies: PolicyDefinition[] = [];
  for (const file of files) {
    const { reporter, policy } = parsePolicyFile(file);
    reporters.push(reporter);
    if (policy !== undefined) policies.push(policy);
  }
  const combined = combine(policies, new Selection(options.host ?? anyLinux));
  const macros = loadMacros(combined.macros);
  const { variables, refused } = declareVariables(combined.rules);
  const scope: Scope = {
    macros,
    variables: new Map([...variables].map(([name, { kind, list }]) => [name, { type: kind, array: list }])),
    mixedLogical: options.mixedLogical ?? 'warn',
  };
  checkMacros(combined.macros, scope);
  const { lints = 'none' } = options;
  if (lints === 'report') lintMacros(combined.macros, macros);
  const rules: Rule[] = [];
  for (const definition of combined.rules) {
    if (refused.has(definition)) continue;
    if (rules.length === limits.rules.value) {
      const message = `more than ${limits.rules.value} rules: this one and the rest are refused`;
      definition.reporter.report(
        { severity: 'error', code: 'too-many', message, rule: definition.id },
        definition.range,
      );
      break;
    }
    const rule = compileRule(definition, { scope, variables, lints });
    if (rule !== undefined) rules.push(rule);
  }
  return {
    rules,
    policies: policies.map(({ policy }) => policy),
    variables,
    diagnostics: reporters.flatMap((reporter) => reporter.diagnostics()),
  };
}

function lintMacros(definitions: readonly MacroDefinition[], macros: ReadonlyMap<string, Macro>): void {
  for (const definition of definitions) {
    const macro = macros.get(definition.id);
    if (macro !== undefined) lintMacro(definition, macro);
  }
}
