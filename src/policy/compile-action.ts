/** An action definition to an action: its fields and expressions checked against the rule's event. */
import { catalogue, type EventType, type Scope, type ValueTerm } from '../secl/index.js';
import type { ActionDefinition } from './definition.js';
import { belongsTo, reportUnknownField } from './fields.js';
import type { Action, ActionFilter, SetAction, VariableDeclaration, VariableSource } from './ruleset.js';
import type { LocatedText } from './scalar-text.js';
import { check, compileTerm } from './secl.js';
import { describeType, fieldOfSet, variableName } from './variables.js';

interface Context {
  readonly rule: string;
  readonly event: EventType;
  readonly scope: Scope;
  readonly variables: ReadonlyMap<string, VariableDeclaration>;
}

/** Undefined: the action is refused, and reported. */
export function compileAction(definition: ActionDefinition, context: Context): Action | undefined {
  const { reporter } = definition;
  const before = reporter.errors;
  const action = withoutFilter(definition, context);
  const filter = definition.filter && compileFilter(definition.filter, definition, context);
  if (action === undefined || reporter.errors > before) return undefined;
  return filter === undefined ? action : { ...action, filter };
}

function compileFilter(
  text: LocatedText,
  { reporter, range }: ActionDefinition,
  context: Context,
): ActionFilter | undefined {
  const { rule, scope, event } = context;
  const checked = check({ text, reporter }, scope, rule);
  if (checked === undefined) return undefined;
  if (checked.event !== undefined && checked.event !== event) {
    const message = `the filter is about ${checked.event} events, the rule about ${event} events`;
    reporter.report({ severity: 'error', code: 'event-mix', message, rule }, range);
  }
  return { expression: checked.expression, source: text.value };
}

function withoutFilter(definition: ActionDefinition, context: Context): Action | undefined {
  const { reporter, range } = definition;
  const { rule, event } = context;
  const error = (code: string, message: string, help?: string) => {
    reporter.report({ severity: 'error', code, message, rule, help }, range);
    return undefined;
  };
  switch (definition.action) {
    case 'deny':
      if (event === 'exec') return { action: 'deny' };
      return error(
        'deny-event',
        `\`deny\` refuses an exec; this rule is about ${event} events`,
        'use `kill`, which acts after the event',
      );
    case 'kill':
    case 'log':
    case 'coredump':
    case 'network_filter': {
      const { filter: _filter, reporter: _reporter, range: _range, ...action } = definition;
      return action;
    }
    case 'hash': {
      const { action, field, maxFileSize } = definition;
      if (field === undefined && event !== 'exec' && event !== 'open') {
        return error(
          'action',
          `\`hash\` needs a \`field\` in a rule about ${event} events`,
          'such as `field: process.file`',
        );
      }
      if (field !== undefined) checkField(field, `${field.value}.path`, definition, context);
      return {
        action,
        ...(field && { field: field.value }),
        ...(maxFileSize !== undefined && { maxFileSize }),
      };
    }
    case 'set':
      return compileSet(definition, context);
  }
}

function compileSet(definition: Extract<ActionDefinition, { action: 'set' }>, context: Context): SetAction | undefined {
  const { source, scopeField, defaultValue, ttl } = definition;
  const variable = context.variables.get(variableName(definition));
  if (variable === undefined) return undefined;
  if (source.from === 'field') checkField(source.field, fieldOfSet(source.field.value).name, definition, context);
  const computed =
    source.from === 'expression' ? checkExpression(source.expression, variable, definition, context) : undefined;
  if (scopeField !== undefined) checkField(scopeField, scopeField.value, definition, context);
  const origin = sourceOf(source, computed);
  if (origin === undefined) return undefined;
  return {
    action: 'set',
    variable,
    source: origin,
    ...(defaultValue !== undefined && { defaultValue }),
    append: definition.append,
    size: definition.size,
    ...(scopeField && { scopeField: scopeField.value }),
    ...(ttl !== undefined && { ttl }),
    private: definition.private,
    inherited: definition.inherited,
  };
}

/** What is computed must be of the type that `default_value` gives the variable, and about the rule's event. */
function checkExpression(
  text: LocatedText,
  variable: VariableDeclaration,
  { reporter }: ActionDefinition,
  { scope, rule, event }: Context,
): ValueTerm | undefined {
  const computed = compileTerm({ text, reporter }, scope, rule);
  if (computed === undefined) return undefined;
  const { type: kind, array: list } = computed.value;
  if (kind !== variable.kind || (list && !variable.list)) {
    const [here, there] = [
      describeType({ kind, list }),
      describeType({ kind: variable.kind, list: variable.list && list }),
    ];
    const message = `the expression is ${here}, the variable \`${variable.name}\` is ${there}`;
    const help = 'the type of the variable is that of its `default_value`';
    reporter.report({ severity: 'error', code: 'variable', message, rule, help }, text.range);
  }
  if (computed.event !== undefined && computed.event !== event) {
    const message = `the expression is about ${computed.event} events, the rule about ${event} events`;
    reporter.report({ severity: 'error', code: 'event-mix', message, rule }, text.range);
  }
  return computed.term;
}

function sourceOf(
  source: Extract<ActionDefinition, { action: 'set' }>['source'],
  computed: ValueTerm | undefined,
): VariableSource | undefined {
  switch (source.from) {
    case 'value':
      return source;
    case 'field':
      return { from: 'field', field: source.field.value };
    case 'expression':
      // Without a term the expression was refused, and reported.
      return computed && { from: 'expression', source: source.expression.value, term: computed };
  }
}

/** A field must exist and belong to the rule's event. */
function checkField(text: LocatedText, name: string, { reporter }: ActionDefinition, { rule, event }: Context): void {
  const field = catalogue.find(name);
  if (field === undefined) {
    reportUnknownField(text, reporter, rule);
  } else if (!belongsTo(field, event)) {
    const message = `\`${text.value}\` is not a fact of ${event} events`;
    reporter.report({ severity: 'error', code: 'event-mix', message, rule }, text.range);
  }
}
