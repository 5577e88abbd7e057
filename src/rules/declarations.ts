/** What the rules in force say of their variables: default, and what of them events show. */
import type { Rule, SetAction, VariableScalar } from '../policy/ruleset.js';
import type { Value } from '../secl/index.js';

export interface Declared {
  /** Name without the scope's prefix, as `set` has it. */
  readonly short: string;
  readonly scope: SetAction['variable']['scope'];
  readonly kind: SetAction['variable']['kind'];
  readonly list: boolean;
  /** What it reads as while it is not set; undefined: the zero value of its type. */
  readonly initial: Value | undefined;
  /** Some action that sets it keeps it out of events. */
  readonly private: boolean;
}

/** By the name expressions use. Where several actions give a default, the first of them counts. */
export function declaredVariables(rules: readonly Rule[]): ReadonlyMap<string, Declared> {
  const declared = new Map<string, Declared>();
  for (const { actions } of rules) {
    for (const action of actions) {
      if (action.action !== 'set') continue;
      const { name, scope, kind, list } = action.variable;
      const before = declared.get(name);
      declared.set(name, {
        short: scope === 'global' ? name : name.slice(scope.length + 1),
        scope,
        kind,
        list,
        initial: before?.initial ?? initialOf(action),
        private: (before?.private ?? false) || action.private,
      });
    }
  }
  return declared;
}

/** Whether some variable of one set is another kind of thing in the other, so that its values make no sense there. */
export function contradict(before: ReadonlyMap<string, Declared>, after: ReadonlyMap<string, Declared>): boolean {
  return [...after].some(([name, { kind, list }]) => {
    const old = before.get(name);
    return old !== undefined && (old.kind !== kind || old.list !== list);
  });
}

function initialOf({ defaultValue, variable }: SetAction): Value | undefined {
  if (defaultValue === undefined) return undefined;
  const elements = isList(defaultValue) ? defaultValue : [defaultValue];
  return variable.list ? elements : elements[0];
}

/** Array.isArray does not narrow readonly arrays. */
function isList(value: VariableScalar | readonly VariableScalar[]): value is readonly VariableScalar[] {
  return Array.isArray(value);
}
