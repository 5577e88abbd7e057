/** Rules that ask user space for what nobody tells it: they load, and a warning says what they wait for. */
import type { PlannedRule } from '../compiler/index.js';
import type { Diagnostic } from '../policy/ruleset.js';
import { isSupplied } from './supplied.js';

/** A warning for each rule that user space decides and that names a field which no event carries. */
export function neverKnown(planned: readonly PlannedRule[]): Diagnostic[] {
  return planned.flatMap(({ rule, place }): Diagnostic[] => {
    if (place !== 'user-space') return [];
    const fields = rule.fields.filter((field) => !isSupplied(field)).map(({ name }) => `\`${name}\``);
    if (fields.length === 0) return [];
    const { id, policy, position } = rule;
    const names = [...new Set(fields)].join(', ');
    return [
      {
        severity: 'warning',
        code: 'never-known',
        message: `no event says ${names} yet: where that matters, the rule \`${id}\` is unknown and does nothing`,
        ...{ file: policy.file, line: position.line, column: position.column, rule: id },
      },
    ];
  });
}
