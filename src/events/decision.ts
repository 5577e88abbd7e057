/** What a record means in terms of rules: which hold, which one decided, and what was done for it. */
import type { KernelRecord, Verdict } from '../kernel/types.js';
import type { Action, DenyAction, KillAction, Rule } from '../policy/ruleset.js';
import type { EventImage, ImageRule } from './image.js';

/** The evaluator's answer, asked only for rules that user space decides. */
export type Judge = (rule: Rule) => boolean | 'unknown';

/**
 * `performed`: the kernel did it. `partially_performed`: it did it to the process, not to the wider scope.
 * `not_needed`: a refused exec has nothing left to kill. `monitor`: the rule only reports. `protected`: spared as pid 1
 * or the agent. `shadow`: decided by a candidate image. `not_performed`: user space decided, and does not act.
 */
export type ActionStatus =
  | 'performed'
  | 'partially_performed'
  | 'not_needed'
  | 'monitor'
  | 'protected'
  | 'shadow'
  | 'not_performed';

/** An action of the deciding rule and what became of it. */
export interface ActionReport {
  action: DenyAction | KillAction;
  status: ActionStatus;
}

export interface Decision {
  /** The record's verdict, corrected by what user space decided. */
  verdict: Verdict;
  /** Rules that hold, in rule order. */
  matched: readonly ImageRule[];
  /** Rules that are unknown, in rule order. */
  unknown: readonly ImageRule[];
  /** Rule numbers that the image does not have: only when the image itself is no longer known. */
  unresolved: readonly number[];
  /** The rule that decided: an enforced deny before an enforced kill before all others, then rule order. */
  decisive: ImageRule | undefined;
  actions: readonly ActionReport[];
}

/** Undefined: no rule holds after all, nothing is to be reported. */
export function decide(record: KernelRecord, image: EventImage | undefined, judge: Judge): Decision | undefined {
  const unresolved: number[] = [];
  const resolve = (number: number): ImageRule[] => {
    const rule = image?.rules[number];
    if (rule === undefined) unresolved.push(number);
    return rule === undefined ? [] : [rule];
  };
  const holding = record.rules.flatMap(resolve);
  const unsure = record.unknownRules.flatMap(resolve);
  const truths = new Map([...holding, ...unsure].map((rule) => [rule, truthOf(rule, judge)]));

  const matched = inOrder(image, [
    ...holding.filter((rule) => rule.decidedBy === 'kernel' || truths.get(rule) === true),
    ...unsure.filter((rule) => truths.get(rule) === true),
  ]);
  const unknown = unsure.filter((rule) => rule.decidedBy === 'kernel' || truths.get(rule) === 'unknown');
  const verdict = correct(record.verdict, matched.length + unresolved.length, unknown.length);
  if (verdict === 'none') return undefined;

  const decisive = mostSevere(matched) ?? mostSevere(unknown);
  const actions = decisive === undefined ? [] : actionsOf(decisive, record, verdict);
  return { verdict, matched, unknown, unresolved, decisive, actions };
}

/** What a rule would do to the exec: its strongest action. */
export function strongestAction(rule: Rule): 'deny' | 'kill' | 'report' {
  if (rule.actions.some(({ action }) => action === 'deny')) return 'deny';
  if (rule.actions.some(({ action }) => action === 'kill')) return 'kill';
  return 'report';
}

function truthOf(rule: ImageRule, judge: Judge): boolean | 'unknown' {
  return rule.decidedBy === 'kernel' ? 'unknown' : judge(rule.rule);
}

function inOrder(image: EventImage | undefined, rules: readonly ImageRule[]): ImageRule[] {
  const place = (rule: ImageRule) => image?.rules.indexOf(rule) ?? 0;
  return rules.length < 2 ? [...rules] : [...rules].sort((a, b) => place(a) - place(b));
}

/** The kernel reports a rule that user space decides as holding; the verdict follows what is left of it. */
function correct(verdict: Verdict, matched: number, unknown: number): Verdict {
  switch (verdict) {
    case 'refuse':
    case 'kill':
    case 'protected':
    case 'unseen':
      return verdict;
    case 'none':
    case 'report':
    case 'unknown':
      if (matched > 0) return 'report';
      return unknown > 0 ? 'unknown' : 'none';
  }
}

function mostSevere(rules: readonly ImageRule[]): ImageRule | undefined {
  let found: ImageRule | undefined;
  for (const rule of rules) if (found === undefined || severity(rule) > severity(found)) found = rule;
  return found;
}

function severity({ rule, decidedBy }: ImageRule): number {
  if (rule.mode !== 'enforce' || decidedBy !== 'kernel') return 0;
  switch (strongestAction(rule)) {
    case 'deny':
      return 2;
    case 'kill':
      return 1;
    case 'report':
      return 0;
  }
}

function actionsOf(rule: ImageRule, record: KernelRecord, verdict: Verdict): ActionReport[] {
  const actions = rule.rule.actions.filter(isEnforcement);
  return actions.map((action) => ({ action, status: statusOf(action, rule, record, verdict) }));
}

function isEnforcement(action: Action): action is DenyAction | KillAction {
  return action.action === 'deny' || action.action === 'kill';
}

function statusOf(
  action: DenyAction | KillAction,
  { rule, decidedBy }: ImageRule,
  record: KernelRecord,
  verdict: Verdict,
): ActionStatus {
  if (record.shadow) return 'shadow';
  if (rule.mode === 'monitor') return 'monitor';
  if (decidedBy === 'user-space') return 'not_performed';
  switch (verdict) {
    case 'refuse':
      return action.action === 'deny' ? 'performed' : 'not_needed';
    case 'kill':
      return action.action === 'deny' || action.scope === 'process' ? 'performed' : 'partially_performed';
    case 'protected':
      return 'protected';
    case 'none':
    case 'report':
    case 'unknown':
    case 'unseen':
      return 'not_performed';
  }
}
