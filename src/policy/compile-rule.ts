/** A rule definition to a rule: its SECL checked, its mode decided, its fields known. */
import { catalogue, type Scope } from '../secl/index.js';
import { compileAction } from './compile-action.js';
import type { RuleDefinition } from './definition.js';
import { reportUnknownField } from './fields.js';
import { lintRule } from './lint/index.js';
import type { Rule, VariableDeclaration } from './ruleset.js';
import { check } from './secl.js';
import { type Asked, askedMode, hasEnforcement } from './severity.js';

export interface RuleSurroundings {
  readonly scope: Scope;
  readonly variables: ReadonlyMap<string, VariableDeclaration>;
  readonly lints: 'report' | 'none';
}

/** Undefined: the rule is refused, and reported. */
export function compileRule(
  definition: RuleDefinition,
  { scope, variables, lints }: RuleSurroundings,
): Rule | undefined {
  const { expression, id, reporter } = definition;
  if (expression === undefined) return undefined;
  const checked = check(expression, scope, id);
  if (checked === undefined) return undefined;
  if (lints === 'report') lintRule(expression, checked, id);
  const { event } = checked;
  if (event === undefined) {
    const message = `the rule \`${id}\` names no field of an event, so nothing says when to test it`;
    expression.reporter.report({ severity: 'error', code: 'no-event', message, rule: id }, expression.text.range);
    return undefined;
  }
  const context = { rule: id, event, scope, variables };
  const actions = definition.actions.map((action) => compileAction(action, context));
  const before = reporter.errors;
  for (const token of definition.limiterToken) {
    if (catalogue.find(token.value) === undefined) reportUnknownField(token, reporter, id);
  }
  const asked = modeOf(definition);
  if (asked === undefined || reporter.errors > before) return undefined;
  const complete = actions.filter((action) => action !== undefined);
  if (complete.length < actions.length) return undefined;
  const { description, version, every, groupId } = definition;
  return {
    id,
    ...(description !== undefined && { description }),
    ...(version !== undefined && { version }),
    expression: checked.expression,
    source: expression.text.value,
    event,
    fields: checked.fields,
    actions: complete,
    mode: asked.mode,
    ...(asked.by !== 'nobody' && { modeAskedBy: asked.by }),
    tags: definition.tags,
    productTags: definition.productTags,
    ...(every !== undefined && { every }),
    limiterToken: definition.limiterToken.map(({ value }) => value),
    silent: definition.silent,
    ...(groupId !== undefined && { groupId }),
    priority: definition.priority,
    policy: definition.policy,
    position: reporter.source.position(definition.range.start),
  };
}

/** A rule with nothing to enforce is monitored; to ask for more is a mistake. */
function modeOf(definition: RuleDefinition): Asked | undefined {
  if (hasEnforcement(definition)) return askedMode(definition);
  const { mode, reporter, id } = definition;
  if (mode?.value !== 'enforce') return { mode: 'monitor', by: 'nobody' };
  const message = `the rule \`${id}\` says \`mode: enforce\` but has nothing to enforce`;
  const help = 'add the action `deny: {}` or `kill`';
  reporter.report({ severity: 'error', code: 'nothing-to-enforce', message, rule: id, help }, mode.range);
  return undefined;
}
