/**
 * The event as it stands in the log: the reference product's keys, and one object of our own, `portcullis`. Keys that
 * are undefined do not appear. docs/events.md explains every field.
 */
import type { Stage, TierName, Verdict } from '../kernel/types.js';
import type { Mode } from '../policy/ruleset.js';
import type { ActionStatus } from './decision.js';

/** Bytes in JSON: text where they are UTF-8. */
export type Text = string | { $base64: string };

type Optional<T> = T | undefined;

export interface ActionJson {
  type: 'deny' | 'kill';
  signal?: Optional<string>;
  scope?: Optional<string>;
  status: ActionStatus;
  created_at: string;
  detected_at: string;
}

export interface FileJson {
  path?: Optional<Text>;
  name?: Optional<Text>;
  path_resolution_error?: Optional<string>;
  inode?: Optional<number | string>;
  mode?: Optional<number>;
}

export interface AncestorJson {
  pid: number;
  ppid?: Optional<number>;
  comm: Text;
  executable?: Optional<{ path: Text; name: Text }>;
  created_at?: Optional<string>;
  source: 'record' | 'proc';
}

export interface ProcessJson {
  pid: number;
  ppid: number;
  tid: number;
  uid: number;
  gid: number;
  user?: Optional<string>;
  comm: Text;
  tty?: Optional<Text>;
  created_at: string;
  exec_time: string;
  executable: FileJson;
  interpreter?: Optional<FileJson>;
  argv0?: Optional<Text>;
  args?: Optional<Text[]>;
  args_truncated: boolean;
  credentials: { uid: number; gid: number; euid: number; egid: number };
  container?: Optional<{ id: string }>;
  parent?: Optional<AncestorJson>;
  ancestors: AncestorJson[];
  ancestors_cut?: Optional<true>;
}

export interface MatchedRuleJson {
  id: string;
  version?: Optional<string>;
  policy_name: string;
  policy_version?: Optional<string>;
  tags: Readonly<Record<string, string>>;
}

export interface RuleJson {
  id: string;
  mode: Mode;
  action: 'deny' | 'kill' | 'report';
  decided_by: 'kernel' | 'user-space';
}

export interface UnknownRuleJson extends RuleJson {
  /** Fields of the rule that could not be read to their end. */
  missing: string[];
}

export interface EventJson {
  agent: {
    rule_id: string;
    rule_version?: Optional<string>;
    rule_actions: ActionJson[];
    policy_name?: Optional<string>;
    policy_version?: Optional<string>;
    version: string;
    os: string;
    arch: string;
    origin: 'ebpf';
  };
  title: string;
  date: string;
  evt: {
    name: 'exec';
    category: 'Process Activity';
    outcome: 'Success' | 'Refused';
    matched_rules: MatchedRuleJson[];
  };
  file: FileJson;
  process: ProcessJson;
  container?: Optional<{ id: string; runtime: string; outer?: Optional<readonly string[]> }>;
  cgroup: { id?: Optional<string>; inode: string };
  usr: { id: string };
  tags: string[];
  portcullis: {
    verdict: Verdict;
    stage: Stage;
    mode?: Optional<Mode>;
    tier: TierName;
    image?: Optional<string>;
    generation: number;
    record: string;
    shadow?: Optional<true>;
    rules: RuleJson[];
    unknown: UnknownRuleJson[];
    missing: string[];
    unresolved_rules?: Optional<readonly number[]>;
    signal?: Optional<number>;
    args_count?: Optional<number>;
    args_bytes?: Optional<number>;
    levels: number;
  };
}
