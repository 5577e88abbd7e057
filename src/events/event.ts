/**
 * The event as it stands in the log: the reference product's keys, and one object of our own, `portcullis`. Keys that
 * are undefined do not appear. docs/events.md explains every field.
 */
import type { RecordedEvent, Stage, TierName, Verdict } from '../kernel/types.js';
import type { Mode } from '../policy/ruleset.js';
import type { ActionStatus } from './decision.js';
import type { Exit } from './exit.js';

/** Bytes in JSON: text where they are UTF-8. */
export type Text = string | { $base64: string };

/** A variable in an event. */
export type ShownValue = ShownElement | readonly ShownElement[];
type ShownElement = Text | number | boolean;
/** By name, without the scope. */
export type VariablesJson = Readonly<Record<string, ShownValue>>;

/** What became of a file that was to be hashed. */
export type HashState = 'done' | 'file_not_found' | 'file_too_big' | 'rate_limited' | 'failed';

type Optional<T> = T | undefined;

export interface ActionJson {
  type: 'deny' | 'kill';
  /** Whose action it is, when that is not the rule that decided. */
  rule_id?: Optional<string>;
  signal?: Optional<string>;
  scope?: Optional<string>;
  status: ActionStatus;
  /** Why it was not performed, where user space tried. */
  why?: Optional<string>;
  created_at: string;
  detected_at: string;
  /** When user space sent the signal. */
  killed_at?: Optional<string>;
  /** From the event to the signal. */
  ttr?: Optional<string>;
  /** What a wider scope than the process had in it, and how soon that was over. */
  stopped?: Optional<StoppedJson>;
}

export interface StoppedJson {
  /** Path of the control group; it and all below it. */
  cgroup: Text;
  /** Undefined: it was gone. */
  by?: Optional<'cgroup.kill' | 'freeze' | 'signals'>;
  processes?: Optional<number>;
  pids?: Optional<readonly number[]>;
  spared?: Optional<readonly number[]>;
  /** Nanoseconds from the exec until all had been struck, and until nothing but the spared was left. */
  struck_ns?: Optional<number>;
  ended_ns?: Optional<number>;
}

export interface FileJson {
  path?: Optional<Text>;
  name?: Optional<Text>;
  path_resolution_error?: Optional<string>;
  inode?: Optional<number | string>;
  mode?: Optional<number>;
  /** Of the action `hash`: `algorithm:hexadecimal`. */
  hashes?: Optional<readonly string[]>;
  hash_state?: Optional<HashState>;
}

export interface AncestorJson {
  pid: number;
  ppid?: Optional<number>;
  comm: Text;
  executable?: Optional<FileJson>;
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
  exec_time?: Optional<string>;
  executable: FileJson;
  interpreter?: Optional<FileJson>;
  argv0?: Optional<Text>;
  args?: Optional<Text[]>;
  args_truncated: boolean;
  /** The program is as the process itself shows it in /proc. */
  source?: Optional<'self-declared'>;
  variables?: Optional<VariablesJson>;
  credentials: { uid: number; gid: number; euid: number; egid: number };
  container?: Optional<{ id: Text }>;
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
    name: RecordedEvent;
    category: 'Process Activity';
    outcome: 'Success' | 'Refused';
    matched_rules: MatchedRuleJson[];
    variables?: Optional<VariablesJson>;
  };
  exit?: Optional<Exit>;
  file: FileJson;
  process: ProcessJson;
  container?: Optional<{
    id: Text;
    runtime: string;
    outer?: Optional<readonly Text[]>;
    variables?: Optional<VariablesJson>;
  }>;
  cgroup: { id?: Optional<Text>; inode: string; variables?: Optional<VariablesJson> };
  usr: { id: string };
  tags: string[];
  portcullis: {
    verdict: Verdict;
    stage?: Optional<Stage | 'sweep'>;
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
    levels?: Optional<number>;
  };
}
