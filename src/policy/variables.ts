/** The variables that `set` actions declare, with the type each action gives them. */
import { catalogue } from '../secl/index.js';
import type { ActionDefinition, RuleDefinition, SetValue } from './definition.js';
import type { VariableDeclaration, VariableKind } from './ruleset.js';

type SetDefinition = Extract<ActionDefinition, { action: 'set' }>;

export interface Declared {
  /** By the name expressions use. */
  readonly variables: ReadonlyMap<string, VariableDeclaration>;
  /** The rules that contradict an earlier one or whose variable has no type; reported. */
  readonly refused: ReadonlySet<RuleDefinition>;
}

export function declareVariables(rules: readonly RuleDefinition[]): Declared {
  const declarations = new Map<string, VariableDeclaration>();
  const refused = new Set<RuleDefinition>();
  for (const rule of rules) {
    for (const action of rule.actions) {
      const before = action.reporter.errors;
      if (action.action === 'set') add(declarations, action, rule.id);
      if (action.reporter.errors > before) refused.add(rule);
    }
  }
  return { variables: declarations, refused };
}

function add(declarations: Map<string, VariableDeclaration>, action: SetDefinition, rule: string): void {
  const declaration = declare(action, rule);
  if (declaration === undefined) return;
  const existing = declarations.get(declaration.name);
  if (existing === undefined) {
    declarations.set(declaration.name, declaration);
  } else if (existing.kind !== declaration.kind || existing.list !== declaration.list) {
    const [there, here] = [describeType(existing), describeType(declaration)];
    report(action, rule, `the variable \`${declaration.name}\` is ${there} elsewhere, and ${here} here`);
  }
}

/** The name as expressions write it: `process.x` for a variable of a process. */
export function variableName(action: SetDefinition): string {
  return action.scope === 'global' ? action.name.value : `${action.scope}.${action.name.value}`;
}

/** A field as `set` names it: `exec.args`, or one element of it as in `exec.argv[0]`. */
export function fieldOfSet(text: string): { readonly name: string; readonly indexed: boolean } {
  const match = /^(.*)\[\d+\]$/.exec(text);
  return match === null ? { name: text, indexed: false } : { name: match[1]!, indexed: true };
}

function declare(action: SetDefinition, rule: string): VariableDeclaration | undefined {
  const name = variableName(action);
  if (catalogue.find(name) !== undefined) {
    return report(action, rule, `\`${name}\` is a field: a variable cannot have its name`);
  }
  const type = typeOf(action, rule);
  if (type === undefined) return undefined;
  const { kind } = type;
  const list = type.list || (action.append && kind !== 'bool') || kind === 'ip';
  return { name, scope: action.scope, kind, list };
}

interface Type {
  readonly kind: VariableKind;
  readonly list: boolean;
}

function typeOf(action: SetDefinition, rule: string): Type | undefined {
  const { source, defaultValue } = action;
  const preset = defaultValue === undefined ? undefined : typeOfValue(defaultValue);
  switch (source.from) {
    case 'expression':
      return preset;
    case 'value': {
      const given = typeOfValue(source.value);
      if (preset !== undefined && (preset.kind !== given.kind || preset.list !== given.list)) {
        return report(action, rule, '`value` and `default_value` have different types');
      }
      return given;
    }
    case 'field': {
      const { name, indexed } = fieldOfSet(source.field.value);
      const field = catalogue.find(name);
      if (field === undefined) {
        const [near] = catalogue.nearest(name);
        const help = near === undefined ? undefined : `did you mean \`${near}\`?`;
        const message = `there is no field \`${name}\``;
        action.reporter.report({ severity: 'error', code: 'unknown-field', message, rule, help }, source.field.range);
        return undefined;
      }
      if (indexed && !field.array)
        return report(action, rule, `\`${name}\` has one value: \`[...]\` does not go with it`);
      const many = field.array && !indexed;
      if (many && !action.append && preset?.list !== true) {
        return report(action, rule, `\`${name}\` has many values: it needs \`append: true\``);
      }
      if (preset !== undefined && preset.kind !== field.type) {
        return report(action, rule, '`field` and `default_value` have different types');
      }
      return { kind: field.type, list: preset?.list ?? false };
    }
  }
}

function typeOfValue(value: SetValue): Type {
  const list = Array.isArray(value);
  const sample = (list ? value[0] : value) as string | bigint | boolean;
  const kinds = { string: 'string', bigint: 'int', boolean: 'bool' } as const;
  return { kind: kinds[typeof sample as keyof typeof kinds], list };
}

/** How messages name the type of a variable. */
export function describeType({ kind, list }: Type): string {
  return list ? `a list of ${kind}` : `of type ${kind}`;
}

function report(action: SetDefinition, rule: string, message: string): undefined {
  action.reporter.report({ severity: 'error', code: 'variable', message, rule }, action.name.range);
}
