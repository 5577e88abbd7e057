/** Nothing is enforced in words only: a rule that is told to enforce and can only report is refused before it is loaded. */
import type { Diagnostic, Rule, Ruleset } from '../policy/ruleset.js';
import { type Compiled, type CompileOptions, compile } from './compile.js';
import type { PlannedRule } from './plan.js';

export interface Enforceable {
  /** Without the refused rules, which are errors among its diagnostics. */
  readonly ruleset: Ruleset;
  readonly compiled: Compiled;
}

/**
 * Compiles a ruleset without the rules that cannot do what they were told to: those whose author wrote `mode: enforce` or
 * `deny`, and that can only report. A `kill` without a mode is how policies of the reference product are written, and not
 * all their events are seen here: such a rule loads, and a warning says that it only reports. Throws a CompileError.
 */
export function compileEnforceable(ruleset: Ruleset, options: CompileOptions = {}): Enforceable {
  const compiled = compile(ruleset, options);
  const diagnostics = compiled.plan.rules.flatMap(diagnose);
  if (diagnostics.length === 0) return { ruleset, compiled };
  const refused = new Set(diagnostics.filter(({ severity }) => severity === 'error').map(({ rule }) => rule));
  const rest: Ruleset = {
    ...ruleset,
    rules: ruleset.rules.filter(({ id }) => !refused.has(id)),
    diagnostics: [...ruleset.diagnostics, ...diagnostics],
  };
  // With fewer rules no rule loses its place: what was put aside for want of room can only come back.
  return { ruleset: rest, compiled: refused.size === 0 ? compiled : compile(rest, options) };
}

function diagnose(planned: PlannedRule): Diagnostic[] {
  const found = notEnforced(planned);
  return [...(found === undefined ? [] : [found]), ...unavailable(planned.rule)];
}

/** Actions of the reference product that nothing carries out here. */
function unavailable(rule: Rule): Diagnostic[] {
  return rule.actions.flatMap(({ action }) => {
    if (action !== 'coredump' && action !== 'network_filter') return [];
    const message = `the action \`${action}\` is not available here: the rule \`${rule.id}\` works without it`;
    return [at(rule, { severity: 'warning', code: 'action-unavailable', message })];
  });
}

function notEnforced({ rule, inEnforce, why }: PlannedRule): Diagnostic | undefined {
  if (rule.mode !== 'enforce') return undefined;
  const denies = rule.actions.some(({ action }) => action === 'deny');
  if (inEnforce === 'kill-after' && denies) {
    const message = `the rule \`${rule.id}\` cannot refuse the exec; it kills the program when the event has happened: ${why}`;
    return at(rule, { severity: 'warning', code: 'enforced-later', message });
  }
  if (inEnforce !== 'report') return undefined;
  if (rule.modeAskedBy === undefined && !denies) {
    const message = `the rule \`${rule.id}\` has \`kill\`, and only reports: ${why}`;
    return at(rule, {
      severity: 'warning',
      code: 'only-reports',
      message,
      help: 'say `mode: monitor` if that is enough',
    });
  }
  const who = rule.modeAskedBy === 'policy' ? 'its policy says `mode: enforce`' : 'it is told to enforce';
  const message = `the rule \`${rule.id}\` can only be reported, and ${who}: ${why}`;
  const help = 'give the rule `mode: monitor`, or write it so that the kernel decides it';
  return at(rule, { severity: 'error', code: 'cannot-enforce', message, help });
}

function at(
  { id, policy, position }: Rule,
  finding: Pick<Diagnostic, 'severity' | 'code' | 'message' | 'help'>,
): Diagnostic {
  return { ...finding, file: policy.file, line: position.line, column: position.column, rule: id };
}
