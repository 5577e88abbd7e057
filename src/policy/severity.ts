/** How much a rule does, for when two policies disagree about it: the reference product's "Blocking > Monitoring > Disabled". */
import { type Ast, parse, print, SeclError } from '../secl/index.js';
import type { RuleDefinition } from './definition.js';
import type { Mode } from './ruleset.js';

export type Severity = 'disabled' | 'monitor' | 'enforce';

const order: readonly Severity[] = ['disabled', 'monitor', 'enforce'];

/** Who asked for the mode of a rule: the rule itself, its policy, or nobody. */
export interface Asked {
  readonly mode: Mode;
  readonly by: 'rule' | 'policy' | 'nobody';
}

/** What the rule says, else its policy, else `enforce`: an author who writes `kill` means it. */
export function askedMode({ mode, policyMode }: RuleDefinition): Asked {
  if (mode !== undefined) return { mode: mode.value, by: 'rule' };
  if (policyMode !== undefined) return { mode: policyMode, by: 'policy' };
  return { mode: 'enforce', by: 'nobody' };
}

/** Whether a definition has an action that is there to be enforced. */
export function hasEnforcement({ actions }: RuleDefinition): boolean {
  return actions.some(({ action }) => action === 'deny' || action === 'kill');
}

export function severityOf(rule: RuleDefinition): Severity {
  if (rule.disabled) return 'disabled';
  return hasEnforcement(rule) ? askedMode(rule).mode : 'monitor';
}

export function isMoreSevere(one: Severity, other: Severity): boolean {
  return order.indexOf(one) > order.indexOf(other);
}

/** Whether two definitions test the same, however their expressions are laid out. */
export function haveSameExpression(one: RuleDefinition, other: RuleDefinition): boolean {
  if (one.expression === undefined || other.expression === undefined) return false;
  const [left, right] = [one.expression.text.value, other.expression.text.value];
  return left === right || normal(left) === normal(right);
}

/** The expression in one layout; text that cannot be parsed is itself. */
function normal(text: string): string {
  let ast: Ast;
  try {
    ast = parse(text);
  } catch (error) {
    if (error instanceof SeclError) return text;
    throw error;
  }
  return print(ast);
}
