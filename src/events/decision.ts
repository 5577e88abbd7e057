/** What a record means in terms of rules: which hold, which one decided, and what was done for it. */
import type { KernelRecord, Verdict } from '../kernel/types.js';
import type { Action, DenyAction, KillAction, Rule } from '../policy/ruleset.js';
import type { Truth } from '../secl/truth.js';
import type { EventImage, ImageRule } from './image.js';
import { isOurs, type Kills, killFor } from './kills.js';
import type { KillReport, RuleRun, ScopeReport } from './rule-run.js';

/**
 * `performed`: the signal was sent or the exec refused. `partially_performed`: that was done to the process, not to the
 * wider scope. `not_needed`: the kernel has refused or killed already. `monitor`: the rule only reports. `protected`:
 * spared as pid 1, the agent or a protected file. `breaker`: the rule has lost its hold on executables that ran before it.
 * `outside_canary`: rules act in another cgroup only. `shadow`: decided by a candidate image. `not_triggered`: the process had ended, or ran
 * another program. `error`: the system refused the signal. `not_performed`: nothing acts on it.
 */
export type ActionStatus =
  | 'performed'
  | 'partially_performed'
  | 'not_needed'
  | 'monitor'
  | 'protected'
  | 'breaker'
  | 'outside_canary'
  | 'shadow'
  | 'not_triggered'
  | 'error'
  | 'not_performed';

/** An action of a rule and what became of it. */
export interface ActionReport {
  /** Whose it is, when that is not the rule that decided. */
  rule?: Rule;
  action: DenyAction | KillAction;
  status: ActionStatus;
  /** When user space killed: nanoseconds since boot. */
  killedAt?: bigint;
  why?: string;
  /** The rest of a wider scope, under way; `statusWithScope` says what the status is then. */
  scope?: Promise<ScopeReport>;
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

/** A rule that an event is about, as far as the kernel knows. */
interface Asked {
  rule: ImageRule;
  holds: Truth;
}

/** Undefined: no rule holds after all, nothing is to be reported. */
export function decide(record: KernelRecord, image: EventImage | undefined, run: RuleRun): Decision | undefined {
  const unresolved: number[] = [];
  const asked = record.event === 'exit' ? exitRules(image) : execRules(record, image, unresolved);
  for (const each of byPriority(asked)) {
    if (each.rule.decidedBy === 'user-space') each.holds = run.truth(each.rule.rule);
    if (each.holds === true) run.hold(each.rule.rule);
  }
  const matched: ImageRule[] = [];
  const unknown: ImageRule[] = [];
  for (const { rule, holds } of asked) {
    if (holds === true) matched.push(rule);
    else if (holds === 'unknown') unknown.push(rule);
  }
  const verdict = correct(record.verdict, matched.length + unresolved.length, unknown.length);
  if (verdict === 'none') return undefined;

  const enforced = unknown.length === 0 ? unknown : unknown.filter(({ rule }) => run.actsOnUnknown(rule));
  const acting = enforced.length === 0 ? matched : [...matched, ...enforced];
  const kills = killFor(acting, record, verdict, run);
  const decisive = mostSevere(matched) ?? mostSevere(unknown);
  const performed = { run, kills };
  const actions = decisive === undefined ? [] : actionsOf(decisive, record, verdict, performed);
  // What is done to other processes is told whichever rule does it.
  for (const rule of acting) {
    if (rule === decisive) continue;
    for (const report of actionsOf(rule, record, verdict, performed)) {
      if (report.scope !== undefined) actions.push({ ...report, rule: rule.rule });
    }
  }
  return { verdict, matched, unknown, unresolved, decisive, actions };
}

/** What a rule would do to the exec: its strongest action. */
export function strongestAction(rule: Rule): 'deny' | 'kill' | 'report' {
  if (rule.actions.some(({ action }) => action === 'deny')) return 'deny';
  if (rule.actions.some(({ action }) => action === 'kill')) return 'kill';
  return 'report';
}

/** In rule order, each once. */
function execRules(record: KernelRecord, image: EventImage | undefined, unresolved: number[]): Asked[] {
  const asked: Asked[] = [];
  for (const number of inOrder(record)) {
    const rule = image?.rules[number];
    if (rule === undefined) unresolved.push(number);
    else asked.push({ rule, holds: record.rules.includes(number) ? true : 'unknown' });
  }
  return asked;
}

/** Numbers of the rules that hold or are unknown, ascending. */
function inOrder({ rules, unknownRules }: KernelRecord): readonly number[] {
  if (rules.length === 1 && unknownRules.length === 0) return rules;
  return [...new Set([...rules, ...unknownRules])].sort((a, b) => a - b);
}

function exitRules(image: EventImage | undefined): Asked[] {
  return (image?.exitRules ?? []).map((rule) => ({ rule, holds: 'unknown' }));
}

/** The order in which rules see each other's variables: the highest priority first, then rule order. */
function byPriority(asked: readonly Asked[]): readonly Asked[] {
  return asked.length < 2 ? asked : [...asked].sort((a, b) => b.rule.rule.priority - a.rule.rule.priority);
}

/** The kernel reports a rule that user space decides as holding; the verdict follows what is left of it. */
function correct(verdict: Verdict, matched: number, unknown: number): Verdict {
  switch (verdict) {
    case 'refuse':
    case 'kill':
    case 'protected':
    case 'unseen':
    case 'would':
      return verdict;
    case 'none':
    case 'report':
    case 'unknown':
      if (matched > 0) return 'report';
      return unknown > 0 ? 'unknown' : 'none';
  }
}

function mostSevere(rules: readonly ImageRule[]): ImageRule | undefined {
  if (rules.length < 2) return rules[0];
  let found: ImageRule | undefined;
  for (const rule of rules) if (found === undefined || severity(rule) > severity(found)) found = rule;
  return found;
}

function severity({ rule, decidedBy }: ImageRule): number {
  // A rule that is not to be told decides for an event only when no other does.
  if (rule.silent) return -1;
  if (rule.mode !== 'enforce') return 0;
  switch (strongestAction(rule)) {
    case 'deny':
      return decidedBy === 'kernel' ? 2 : rule.actions.some(({ action }) => action === 'kill') ? 1 : 0;
    case 'kill':
      return 1;
    case 'report':
      return 0;
  }
}

interface Performed {
  run: RuleRun;
  kills: Kills;
}

function actionsOf(rule: ImageRule, record: KernelRecord, verdict: Verdict, performed: Performed): ActionReport[] {
  const { run, kills } = performed;
  const reports: ActionReport[] = [];
  for (const action of rule.rule.actions) {
    if (!isEnforcement(action) || (isOurs(rule, action) && run.due(action) === false)) continue;
    const killed = kills.ofProcess.get(action);
    const scope = kills.ofScope.get(action);
    const report: ActionReport =
      killed === undefined
        ? { action, status: statusOf(action, rule, record, verdict) }
        : { action, status: statusOfKill(action, killed) };
    if (killed?.killedAt !== undefined) report.killedAt = killed.killedAt;
    if (killed?.why !== undefined) report.why = killed.why;
    if (scope !== undefined) report.scope = scope;
    reports.push(report);
  }
  return reports;
}

/** What became of an action when the rest of its scope has ended, or has not. */
export function statusWithScope(status: ActionStatus, scope: ScopeReport): ActionStatus {
  if (scope.status === 'performed') return 'performed';
  return status === 'not_needed' ? 'partially_performed' : status;
}

function isEnforcement(action: Action): action is DenyAction | KillAction {
  return action.action === 'deny' || action.action === 'kill';
}

function statusOfKill(action: DenyAction | KillAction, { status }: KillReport): ActionStatus {
  const wider = action.action === 'kill' && action.scope !== 'process';
  return status === 'performed' && wider ? 'partially_performed' : status;
}

function statusOf(
  action: DenyAction | KillAction,
  rule: ImageRule,
  record: KernelRecord,
  verdict: Verdict,
): ActionStatus {
  if (record.shadow) return 'shadow';
  if (rule.rule.mode === 'monitor') return 'monitor';
  const ours = rule.decidedBy === 'user-space' || isOurs(rule, action);
  switch (verdict) {
    case 'refuse':
      if (ours) return 'not_needed';
      return action.action === 'deny' ? 'performed' : 'not_needed';
    case 'kill':
      if (ours) return 'not_needed';
      return action.action === 'deny' || action.scope === 'process' ? 'performed' : 'partially_performed';
    case 'protected':
      return ours ? 'not_performed' : 'protected';
    case 'report':
      if (ours) return 'not_performed';
      return record.outsideCanary ? 'outside_canary' : record.tripped ? 'breaker' : 'not_performed';
    case 'none':
    case 'unknown':
    case 'unseen':
    case 'would':
      return 'not_performed';
  }
}
