/** Macros and rules of all files, in order, to one definition an id: merged, overridden, disabled or refused. */
import type { Definition, MacroDefinition, PolicyDefinition, RuleDefinition } from './definition.js';
import type { Selection } from './select.js';
import { haveSameExpression, isMoreSevere, type Severity, severityOf } from './severity.js';

export interface Combined {
  readonly macros: readonly MacroDefinition[];
  /** Without those that are disabled. */
  readonly rules: readonly RuleDefinition[];
}

/** Later files come later: they add to, override and disable what came before. */
export function combine(files: readonly PolicyDefinition[], selection: Selection): Combined {
  const macros = new Map<string, MacroDefinition>();
  const rules = new Map<string, RuleDefinition>();
  for (const file of files) {
    for (const macro of file.macros) if (selection.applies(macro)) addMacro(macros, macro);
    for (const rule of file.rules) if (selection.applies(rule)) addRule(rules, rule);
  }
  return { macros: [...macros.values()], rules: [...rules.values()].filter(({ disabled }) => !disabled) };
}

function addMacro(macros: Map<string, MacroDefinition>, macro: MacroDefinition): void {
  const existing = macros.get(macro.id);
  if (existing === undefined || macro.combine === 'override') {
    macros.set(macro.id, macro);
    return;
  }
  if (macro.combine === undefined) {
    reportDuplicate('macro', macro, existing);
    return;
  }
  if (existing.body.form === 'expression' || macro.body.form === 'expression') {
    const message = `the macro \`${macro.id}\` cannot be merged: only macros with \`values\` can`;
    report(macro, 'macro-merge', message, 'use `values` in both, or `combine: override`');
    return;
  }
  macros.set(macro.id, {
    ...existing,
    body: { form: 'values', values: [...existing.body.values, ...macro.body.values] },
  });
}

function addRule(rules: Map<string, RuleDefinition>, rule: RuleDefinition): void {
  const existing = rules.get(rule.id);
  if (existing === undefined) {
    if (rule.expression !== undefined || rule.disabled) rules.set(rule.id, rule);
    else report(rule, 'override-without-rule', `there is no rule \`${rule.id}\` before this one to override`);
    return;
  }
  if (rule.combine === 'override') {
    rules.set(rule.id, override(existing, rule));
    return;
  }
  if (existing.reporter !== rule.reporter && haveSameExpression(existing, rule)) {
    const [before, now] = [severityOf(existing), severityOf(rule)];
    if (before !== now) {
      reportDisagreement(rule, now, existing, before);
      if (isMoreSevere(now, before)) rules.set(rule.id, rule);
      return;
    }
  }
  if (existing.disabled === rule.disabled) {
    reportDuplicate('rule', rule, existing);
    return;
  }
  rules.set(rule.id, rule.disabled ? { ...existing, disabled: true } : rule);
}

/**
 * The rule with the fields that the override names; without `override_options` that is the expression. `disabled` and
 * `mode` always follow the override when it says them.
 */
function override(rule: RuleDefinition, by: RuleDefinition): RuleDefinition {
  const fields = new Set(by.overrideFields.length === 0 ? ['expression' as const] : by.overrideFields);
  if (fields.has('all'))
    return { ...by, ...(by.expression === undefined && rule.expression && { expression: rule.expression }) };
  const { every: _, ...withoutEvery } = rule;
  return {
    ...(fields.has('every') ? { ...withoutEvery, ...(by.every !== undefined && { every: by.every }) } : rule),
    ...(fields.has('expression') && by.expression !== undefined && { expression: by.expression }),
    ...(fields.has('actions') && { actions: by.actions }),
    ...(fields.has('tags') && { tags: by.tags }),
    ...(fields.has('product_tags') && { productTags: by.productTags }),
    ...(by.mode !== undefined && { mode: by.mode }),
    disabled: by.disabled,
  };
}

/** Two policies have the same rule and differ in what it does: the most severe holds, as in the reference product. */
function reportDisagreement(rule: RuleDefinition, now: Severity, existing: RuleDefinition, before: Severity): void {
  const held = isMoreSevere(now, before) ? now : before;
  const message = `the rule \`${rule.id}\` is ${saying[before]} at ${placeOf(existing)}, and ${saying[now]} here: the most severe holds, it is ${saying[held]}`;
  const help = 'say it in one policy only, or say here that it counts: `combine: override`';
  const finding = { severity: 'warning', code: 'modes-disagree', message, rule: rule.id, help } as const;
  rule.reporter.report(finding, rule.range);
}

const saying: Readonly<Record<Severity, string>> = {
  disabled: 'disabled',
  monitor: 'monitored',
  enforce: 'enforced',
};

function placeOf({ reporter, range }: Definition): string {
  return `${reporter.source.file}:${reporter.source.position(range.start).line}`;
}

function reportDuplicate(what: string, definition: Definition, existing: Definition): void {
  const message = `the ${what} \`${definition.id}\` is already defined at ${placeOf(existing)}`;
  report(definition, 'duplicate-id', message, 'give it another id, or say how they go together with `combine`');
}

function report(definition: Definition, code: string, message: string, help?: string): void {
  definition.reporter.report({ severity: 'error', code, message, rule: definition.id, help }, definition.range);
}
