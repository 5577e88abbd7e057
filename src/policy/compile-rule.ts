/** A rule definition to a rule: its SECL checked, its mode decided, its fields known. */
import { catalogue, type Scope } from '../secl/index.js';
import { compileAction } from './compile-action.js';
import type { RuleDefinition } from './definition.js';
import { reportUnknownField } from './fields.js';
import type { Mode, Rule, VariableDeclaration } from './ruleset.js';
import { check } from './secl.js';

/** Undefined: the rule is refused, and reported. */
export function compileRule(
  definition: RuleDefinition,
  scope: Scope,
  variables: ReadonlyMap<string, VariableDeclaration>,
): Rule | undefined {
  const { expression, id, reporter } = definition;
  if (expression === undefined) return undefined;
  const checked = check(expression, scope, id);
  if (checked === undefined) return undefined;
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
  const mode = modeOf(definition);
  if (mode === undefined || reporter.errors > before) return undefined;
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
    mode,
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

/** What the rule says, else its policy, else `enforce`: an author who writes `kill` means it. */
function modeOf({ actions, mode, policyMode, reporter, id }: RuleDefinition): Mode | undefined {
  const enforces = actions.some(({ action }) => action === 'deny' || action === 'kill');
  if (enforces) return mode?.value ?? policyMode ?? 'enforce';
  if (mode?.value !== 'enforce') return 'monitor';
  const message = `the rule \`${id}\` says \`mode: enforce\` but has nothing to enforce`;
  const help = 'add the action `deny: {}` or `kill`';
  reporter.report({ severity: 'error', code: 'nothing-to-enforce', message, rule: id, help }, mode.range);
  return undefined;
}
