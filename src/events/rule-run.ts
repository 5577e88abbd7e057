/** What making an event needs of the rules that user space decides: implemented in src/rules, so that this folder knows no actions. */
import type { Action, KillAction, Rule } from '../policy/ruleset.js';
import type { Truth } from '../secl/truth.js';
import type { Decision } from './decision.js';
import type { VariablesJson } from './event.js';
import type { Scene } from './scene.js';

export interface RuleEngine {
  /** Begins with one event. */
  begin(scene: Scene): RuleRun;
}

/** The rules on one event, asked in their order: what one of them sets, the next one sees. */
export interface RuleRun {
  /** The rule by its whole expression. */
  truth(rule: Rule): Truth;
  /** The rule holds: sets variables, and takes note of what is to be logged and hashed. */
  hold(rule: Rule): void;
  /** Whether an action's filter lets it happen; an action without one always does. */
  due(action: Action): Truth;
  /** Sends the signal of a kill to the process of the event. */
  kill(action: KillAction): KillReport;
  /** Ends everything else in the control group or container of the event. Strikes at once, resolves when it is over. */
  killScope(action: KillAction): Promise<ScopeReport>;
  /** Whether a rule that is told to enforce acts although it is unknown. */
  actsOnUnknown(rule: Rule): boolean;
  /** Fields of a rule that the event does not know. */
  missing(rule: Rule): string[];
  /** Whether the event is to be told, and which of its rules have said enough for now. */
  telling(decision: Decision): Telling;
  /** Actions for after the event. */
  readonly followUps: readonly FollowUp[];
  /** The variables that events show. */
  variables(): ShownVariables;
}

/** `not_triggered`: the process has ended, or is another program by now. */
export interface KillReport {
  status: 'performed' | 'protected' | 'not_triggered' | 'error';
  /** Nanoseconds since boot. */
  killedAt?: bigint;
  /** Why it was not performed. */
  why?: string;
}

/** What became of the others of a scope. `refused`: not begun. `error`: begun, and not all of it ended. */
export interface ScopeReport {
  status: 'performed' | 'refused' | 'error';
  /** Path in the default hierarchy; undefined where not known. */
  cgroup?: string;
  by?: 'cgroup.kill' | 'freeze' | 'signals';
  /** How many were stopped, and the pids of some. */
  processes?: number;
  pids?: readonly number[];
  /** Protected processes that were there and go on. */
  spared?: readonly number[];
  /** Nanoseconds from the exec until all had been struck, and until nothing but the spared was left. */
  struck?: number;
  ended?: number;
  why?: string;
}

export interface Telling {
  tell: 'event' | 'nothing';
  /** Ids of the rules whose rate limit kept the event back. */
  limited: readonly string[];
}

export type FollowUp =
  | { follow: 'log'; rule: Rule; level: string; message: string }
  /** `file`: which of the event's, as the action names it; `bytes`: the largest that is read. */
  | { follow: 'hash'; rule: Rule; file: HashedFile; bytes: number };

export interface HashedFile {
  /** The field, such as `exec.file`. */
  field: string;
  pid: number;
  /** In the mount namespace of the process. */
  path: string | undefined;
  /** 0: not known. */
  inode: bigint;
  /** The file is the binary of that process. */
  binary: boolean;
}

/** By scope; those of a scope that has none are absent. */
export type ShownVariables = Partial<Record<'global' | 'process' | 'container' | 'cgroup', VariablesJson>>;
