/** What the log says about policies at a load. */
import type { Diagnostic } from '../policy/ruleset.js';
import type { AgentLog } from '../telemetry/log.js';
import { limits } from './limits.js';
import { hostPolicies } from './package.js';
import type { RulePlace } from './policies.js';

/** Errors first; past the limit only their number. */
export function logDiagnostics(log: AgentLog, diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning');
  const ordered = [...errors, ...warnings];
  for (const diagnostic of ordered.slice(0, limits.loggedDiagnostics.value)) {
    const { severity, code, message, file, line, column, rule } = diagnostic;
    const text = `${file}:${line}:${column}: ${message}`;
    log[severity === 'error' ? 'error' : 'warn']('policy-diagnostic', text, { code, file, line, column, rule });
  }
  const left = ordered.length - limits.loggedDiagnostics.value;
  if (left > 0) {
    const text = `${left} more; \`portcullis policy check ${hostPolicies}\` prints them.`;
    log.warn('policy-diagnostics-cut', text, { left });
  }
}

/** A rule that is to enforce and is not decided in the kernel is worth a warning; the others are for whoever asks. */
export function logPlaces(log: AgentLog, places: readonly RulePlace[]): void {
  for (const { rule, place, why } of places) {
    const fields = { rule: rule.id, mode: rule.mode, place };
    if (place === 'waiting') {
      log.warn('rule-place', `${rule.id} is about ${rule.event} events, of which the agent makes nothing yet.`, fields);
      continue;
    }
    const late = rule.mode === 'enforce' && place === 'user-space';
    if (late) log.warn('rule-place', `${rule.id} acts only when the event is over: ${why}`, fields);
    else log.debug('rule-place', `${rule.id}: ${why}`, fields);
  }
}
