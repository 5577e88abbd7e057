/** Lints: what a rule or macro says that its author can hardly mean. Reported as warnings by `policy check`. */
import type { Checked, Macro } from '../../secl/index.js';
import { parse } from '../../secl/index.js';
import type { LocatedExpression, MacroDefinition } from '../definition.js';
import type { Lint } from './lint.js';
import { alwaysHolds, neverHolds } from './logic.js';
import { lintPatterns, lintValue } from './patterns.js';
import { lintShortOptions } from './short-options.js';
import { lintValues } from './values.js';

/** Reports the lints of a rule whose expression was checked. */
export function lintRule(expression: LocatedExpression, checked: Checked, rule: string): void {
  const source = expression.text.value;
  const lints = [
    ...lintLogic(checked),
    ...lintPatterns(parse(source)),
    ...lintValues(checked.expression, source),
    ...lintShortOptions(checked.expression),
  ];
  report(lints, expression, rule);
}

/** Reports the lints of a macro by itself: how its strings are written. */
export function lintMacro({ body, id, reporter }: MacroDefinition, macro: Macro): void {
  if (body.form === 'expression') {
    report(lintPatterns(macro.ast), { text: body.expression, reporter: body.reporter }, id);
    return;
  }
  for (const { value, range } of body.values) {
    const lint = lintValue(value);
    if (lint !== undefined) reporter.report({ severity: 'warning', ...lint, rule: id }, range);
  }
}

function lintLogic({ expression }: Checked): Lint[] {
  if (neverHolds(expression)) {
    const message = 'this can never hold: its tests contradict each other';
    return [{ code: 'never-holds', message, help: 'alternatives are written with `||` or `in [...]`' }];
  }
  if (alwaysHolds(expression)) {
    const message = 'this holds for every event';
    const help = '`x != "a" || x != "b"` is always true: `x not in ["a", "b"]` excludes both';
    return [{ code: 'always-holds', message, help }];
  }
  return [];
}

function report(lints: readonly Lint[], { text, reporter }: LocatedExpression, rule: string): void {
  for (const { code, message, help, at } of lints) {
    reporter.report(
      { severity: 'warning', code, message, help, rule },
      text.locate(at?.start ?? 0, at?.end ?? text.value.length),
    );
  }
}
