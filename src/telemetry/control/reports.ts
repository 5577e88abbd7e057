/** What the agent tells over the control socket. Counts are since its start; bigger ones than 2^53 do not occur in a life. */
import type { TierName } from '../../kernel/types.js';
import type { Mode } from '../../policy/ruleset.js';
import type { FollowerStatus } from '../../rollout/follower/status.js';

export interface RuleReport {
  id: string;
  policy: string;
  event: string;
  /** As it works now. */
  mode: Mode;
  /** As its policy says. */
  policyMode: Mode;
  place: string;
  why: string;
  /** Events in which it held, since it is in force under this name. */
  matches: number;
}

/** What keeps others from the agent. Attempts are since its pins were made, or since it started. */
export type SelfProtectionReport =
  | { is: 'off' }
  | { is: 'on'; attempts: number }
  /** For so long everybody is let through. */
  | { is: 'unlocked'; attempts: number; seconds: number };

/** What keeps rules from harm. */
export interface SafetyReport {
  /** Files that are never acted on. */
  protectedFiles: number;
  /** Established executables that a rule may act on; 0: any number. */
  breakerLimit: number;
  /** Rules that were taken for a mistake. */
  tripped: readonly { rule: string; executables: number }[];
  /** Rules act there alone; not found: nowhere. */
  canary?: { cgroup: string; found: boolean };
  selfProtection?: SelfProtectionReport;
}

/** Where distributed policies stand on this host. */
export type RolloutReport =
  | ({ is: 'followed' } & FollowerStatus)
  /** They cannot be had since the start, for this reason: policies come from this host alone. */
  | { is: 'unavailable'; url: string; reason: string };

export interface StatusReport {
  version: string;
  pid: number;
  phase: string;
  startedAt: string;
  uptimeSeconds: number;
  /** `off`: nothing is decided. */
  enforcement: { is: 'on' } | { is: 'off'; since: string; by: string };
  tier: {
    name: TierName;
    cannot: readonly string[];
    refused: readonly { tier: TierName; why: string }[];
  };
  image?: { hash: string; generation: number; bytes: number; activatedAt: string };
  lastReload?: string;
  /** Of distributed policies; absent where no repository is configured. */
  rollout?: RolloutReport;
  safety?: SafetyReport;
  rules: readonly RuleReport[];
  policyErrors: number;
  /** Execs decided at the exec itself. */
  execs: number;
  /** The kernel's count by verdict. */
  verdicts: Readonly<Record<string, number>>;
  /** Records and events that were lost, by reason. */
  lost: Readonly<Record<string, number>>;
  lag: {
    /** Bytes that the rings hold. */
    ringBytes: number;
    ringSizeBytes: number;
    /** Records whose events the log has not taken yet. */
    records: number;
    logBytes: number;
    /** Bytes of the journal that the log has not taken. */
    journalBytes: number;
  };
  memory: {
    residentBytes: number;
    kernelBytes: number;
  };
  /** Where metrics are served. */
  url: string;
}

/** Counts that only grow; who asks twice knows the rates. */
export interface TopReport {
  /** Milliseconds, of a clock that does not jump. */
  now: number;
  execs: number;
  verdicts: Readonly<Record<string, number>>;
  lost: number;
  rules: readonly { id: string; mode: Mode; matches: number }[];
  /** Run time of the kernel programs; runs are 0 where the kernel does not account them. */
  programs: readonly { name: string; runs: number; nanoseconds: number }[];
  /** The decisions that took longest to reach the log, of the last minute, slowest first. */
  slowest: readonly { rule: string; program: string; milliseconds: number }[];
}

/** One live process and what the rules think of it. */
export interface ProcessReport {
  pid: number;
  ppid: number;
  uid: number | undefined;
  comm: string;
  path: string | undefined;
  /** Where its program and arguments are known from: the kernel's records, or itself in /proc. */
  source: 'record' | 'proc';
  kernelThread?: true;
  /** Rules that hold, or are unknown, for its last exec. */
  rules: readonly { id: string; mode: Mode; truth: 'holds' | 'unknown' }[];
}
