/** What the rules say of a process that lives, and what is done for it. */
import type { Action, DenyAction, KillAction } from '../policy/ruleset.js';
import type { ActionReport, Decision } from './decision.js';
import type { ImageRule } from './image.js';
import { isWider } from './kills.js';
import type { KillReport, RuleRun } from './rule-run.js';

/** Whether the actions of rules that enforce are carried out. */
export type LiveActing = 'report' | 'enforce';

/** Undefined: no rule holds. A rule that is unknown is never acted on here. `rules`: those about execs. */
export function decideLive(rules: readonly ImageRule[], run: RuleRun, acting: LiveActing): Decision {
  const matched: ImageRule[] = [];
  const unknown: ImageRule[] = [];
  for (const entry of rules) {
    const truth = run.truth(entry.rule);
    if (truth !== false) (truth === true ? matched : unknown).push({ ...entry, decidedBy: 'user-space' });
  }
  const told = matched.filter(({ rule }) => !rule.silent);
  const decisive = told.find(enforces) ?? told[0] ?? matched[0];
  const kills = new LiveKills(run, acting);
  const actions = matched.flatMap((entry) =>
    entry.rule.actions.filter(isEnforcement).flatMap((action): ActionReport[] => {
      const report = kills.carryOut(entry, action);
      if (report === undefined || entry === decisive) return report === undefined ? [] : [report];
      return report.scope === undefined ? [] : [{ ...report, rule: entry.rule }];
    }),
  );
  return { verdict: matched.length > 0 ? 'report' : 'none', matched, unknown, unresolved: [], decisive, actions };
}

class LiveKills {
  readonly #run: RuleRun;
  readonly #acting: LiveActing;
  /** By signal: several rules about one process kill it once. */
  readonly #sent = new Map<number, KillReport>();

  constructor(run: RuleRun, acting: LiveActing) {
    this.#run = run;
    this.#acting = acting;
  }

  /** Undefined: its filter says no. */
  carryOut({ rule }: ImageRule, action: DenyAction | KillAction): ActionReport | undefined {
    const due = this.#run.due(action);
    if (due === false) return undefined;
    if (rule.mode === 'monitor') return { action, status: 'monitor' };
    if (due === 'unknown') return { action, status: 'not_performed', why: 'its filter could not be decided' };
    if (this.#acting === 'report')
      return { action, status: 'not_performed', why: 'running processes are only reported' };
    // What is refused at an exec is ended when it already runs.
    const kill = action.action === 'kill' ? action : asKill;
    const sent = this.#sent.get(kill.signalNumber) ?? this.#run.kill(kill);
    this.#sent.set(kill.signalNumber, sent);
    const scope = isWider(kill) && sent.status !== 'protected' ? this.#run.killScope(kill) : undefined;
    const status = sent.status === 'performed' && scope !== undefined ? 'partially_performed' : sent.status;
    return { action, ...sent, status, ...(scope !== undefined && { scope }) };
  }
}

const asKill: KillAction = {
  action: 'kill',
  signal: 'SIGKILL',
  signalNumber: 9,
  scope: 'process',
  disableContainerDisarmer: false,
  disableExecutableDisarmer: false,
};

function enforces({ rule }: ImageRule): boolean {
  return rule.mode === 'enforce' && rule.actions.some(isEnforcement);
}

function isEnforcement(action: Action): action is DenyAction | KillAction {
  return action.action === 'deny' || action.action === 'kill';
}
