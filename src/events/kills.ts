/** What user space kills for the rules of an event: the process where the kernel has left it, and the rest of its scope. */
import type { KernelRecord, Verdict } from '../kernel/types.js';
import type { Action, KillAction } from '../policy/ruleset.js';
import type { ImageRule } from './image.js';
import type { KillReport, RuleRun, ScopeReport } from './rule-run.js';

export interface Kills {
  /** Of the process. */
  readonly ofProcess: ReadonlyMap<Action, KillReport>;
  /** Of everything else in its control group or container; they are under way. */
  readonly ofScope: ReadonlyMap<Action, Promise<ScopeReport>>;
}

const noKills: Kills = { ofProcess: new Map(), ofScope: new Map() };

/** `rules`: those that hold, and those that act although they are unknown. */
export function killFor(rules: readonly ImageRule[], record: KernelRecord, verdict: Verdict, run: RuleRun): Kills {
  if (record.shadow || rules.every(({ rule }) => rule.mode !== 'enforce')) return noKills;
  const ofProcess = new Map<Action, KillReport>();
  const ofScope = new Map<Action, Promise<ScopeReport>>();
  for (const rule of rules) {
    if (rule.rule.mode !== 'enforce') continue;
    for (const action of rule.rule.actions) {
      if (action.action !== 'kill') continue;
      const ours = isOurs(rule, action);
      if (ours && run.due(action) !== true) continue;
      const decided = decidedByKernel(verdict);
      if (ours && !decided) ofProcess.set(action, run.kill(action));
      const acted = ours ? ofProcess.get(action)?.status !== 'protected' : decided;
      if (acted && isWider(action) && record.event === 'exec') ofScope.set(action, run.killScope(action));
    }
  }
  return { ofProcess, ofScope };
}

/** The kernel leaves to user space: kills of rules it does not decide, and those with a filter. */
export function isOurs({ decidedBy }: ImageRule, action: Action): boolean {
  return action.action === 'kill' && (decidedBy === 'user-space' || action.filter !== undefined);
}

export function isWider({ scope }: KillAction): boolean {
  return scope !== 'process';
}

/** The exec did not take place, or the process is dead. */
function decidedByKernel(verdict: Verdict): boolean {
  return verdict === 'refuse' || verdict === 'kill';
}
