/** Checks SECL texts of a file; what is wrong or doubtful is reported at the place in the file where it stands. */
import {
  type Checked,
  type CheckedValue,
  compileExpression,
  compileValue,
  type Scope,
  SeclError,
} from '../secl/index.js';
import type { LocatedExpression } from './definition.js';

/** Reports a SeclError; anything else is thrown on. */
export function reportSeclError(error: unknown, { text, reporter }: LocatedExpression, rule: string): void {
  if (!(error instanceof SeclError)) throw error;
  const { code, message, start, end } = error;
  // Similar names are looked for only while diagnostics are kept: a file may have thousands of wrong ones.
  const help = reporter.isFull ? undefined : error.help;
  reporter.report({ severity: 'error', code, message, rule, help }, text.locate(start, end));
}

/** Checks an expression and reports what is wrong or doubtful about it. */
export function check(expression: LocatedExpression, scope: Scope, rule: string): Checked | undefined {
  try {
    const checked = compileExpression(expression.text.value, scope);
    for (const { code, message, fix, start, end } of checked.warnings) {
      const help = fix === undefined ? undefined : `write \`${fix}\``;
      const range = expression.text.locate(start, end);
      expression.reporter.report({ severity: 'warning', code, message, rule, help }, range);
    }
    return checked;
  } catch (error) {
    reportSeclError(error, expression, rule);
    return undefined;
  }
}

/** The value that SECL stands for, such as the expression of `set`; undefined: it is none, and that is reported. */
export function compileTerm(expression: LocatedExpression, scope: Scope, rule: string): CheckedValue | undefined {
  try {
    return compileValue(expression.text.value, scope);
  } catch (error) {
    reportSeclError(error, expression, rule);
    return undefined;
  }
}
