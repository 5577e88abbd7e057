/** One decided record becomes one event. */
import type { KernelRecord, TierName } from '../kernel/types.js';
import type { Rule } from '../policy/ruleset.js';
import { type Bytes, fromBytes } from '../secl/bytes.js';
import type { BootClock } from './clock.js';
import type { ContainerIdentity } from './container.js';
import { type ActionReport, type Decision, strongestAction } from './decision.js';
import type { ActionJson, AncestorJson, EventJson, FileJson, MatchedRuleJson, ProcessJson, RuleJson } from './event.js';
import type { EventImage, ImageRule } from './image.js';
import type { Lineage, ProcessFacts } from './processes.js';
import { missingFields } from './sources.js';

/** What is known about the host and found out about the process, besides the record. */
export interface Surroundings {
  version: string;
  tier: TierName;
  bootId: string;
  image: EventImage | undefined;
  clock: BootClock & { now(): Date };
  lineage: Lineage;
  cgroupPath: string | undefined;
  container: ContainerIdentity | undefined;
  user: string | undefined;
}

/** Rule id of an exec that the kernel never asked about. */
export const UNSEEN_RULE = 'exec_unseen';
/** Rule id of a record whose image is no longer known. */
export const UNRESOLVED_RULE = 'rule_unresolved';

export function shapeEvent(record: KernelRecord, decision: Decision, around: Surroundings): EventJson {
  const { verdict, decisive, matched, unknown, unresolved } = decision;
  const rule = decisive?.rule;
  const date = around.clock.date(record.time).toISOString();
  return {
    agent: {
      rule_id: rule?.id ?? (verdict === 'unseen' ? UNSEEN_RULE : UNRESOLVED_RULE),
      rule_version: rule?.version,
      rule_actions: decision.actions.map((report) => actionJson(report, record, date, around.clock)),
      policy_name: rule?.policy.name,
      policy_version: rule?.policy.version,
      version: around.version,
      os: 'linux',
      arch: architecture(process.arch),
      origin: 'ebpf',
    },
    title: titleOf(rule, verdict),
    date,
    evt: {
      name: 'exec',
      category: 'Process Activity',
      outcome: verdict === 'refuse' ? 'Refused' : 'Success',
      matched_rules: matched.map(({ rule }) => matchedJson(rule)),
    },
    file: fileOf(record),
    process: processOf(record, around),
    container: around.container && {
      id: around.container.id,
      runtime: around.container.runtime,
      outer: around.container.outer.length > 0 ? around.container.outer : undefined,
    },
    cgroup: { id: around.cgroupPath, inode: record.cgroup.toString() },
    usr: { id: around.user ?? String(record.uid) },
    tags: tagsOf(matched),
    portcullis: {
      verdict,
      stage: record.stage,
      mode: rule?.mode,
      tier: around.tier,
      image: around.image?.hash,
      generation: Number(record.generation),
      record: recordId(record, around.bootId),
      shadow: record.shadow ? true : undefined,
      rules: matched.map(ruleJson),
      unknown: unknown.map((entry) => ({
        ...ruleJson(entry),
        missing: missingFields(record.known, entry.rule.fields),
      })),
      missing: missingFields(
        record.known,
        unknown.flatMap(({ rule }) => rule.fields),
      ),
      unresolved_rules: unresolved.length > 0 ? unresolved : undefined,
      signal: record.signal === 0 ? undefined : record.signal,
      args_count: record.argsCount === 0 ? undefined : record.argsCount,
      args_bytes: record.argsBytes === 0 ? undefined : record.argsBytes,
      levels: record.levels,
    },
  };
}

/** The identity by which readers fold records that were delivered twice. */
export function recordId(record: KernelRecord, bootId: string): string {
  return [bootId, record.cpu, record.sequence, record.exec, record.stage].join(':');
}

function titleOf(rule: Rule | undefined, verdict: Decision['verdict']): string {
  if (rule !== undefined) return rule.description ?? rule.id;
  return verdict === 'unseen'
    ? 'A program started that no rule was asked about'
    : 'A rule of an earlier policy matched';
}

function actionJson(
  { action, status }: ActionReport,
  record: KernelRecord,
  date: string,
  clock: Surroundings['clock'],
): ActionJson {
  const times = { status, created_at: date, detected_at: clock.now().toISOString() };
  switch (action.action) {
    case 'kill':
      return { type: 'kill', signal: action.signal, scope: action.scope, ...times };
    case 'deny':
      // A deny that came to bear after the point of no return ends the process; the signal says so.
      return { type: 'deny', ...(record.signal !== 0 && { signal: 'SIGKILL', scope: 'process' }), ...times };
  }
}

function matchedJson(rule: Rule): MatchedRuleJson {
  const { id, version, policy, tags } = rule;
  return { id, version, policy_name: policy.name, policy_version: policy.version, tags };
}

function ruleJson({ rule, decidedBy }: ImageRule): RuleJson {
  return { id: rule.id, mode: rule.mode, action: strongestAction(rule), decided_by: decidedBy };
}

function tagsOf(matched: readonly ImageRule[]): string[] {
  const tags = matched.flatMap(({ rule }) => [
    ...rule.productTags,
    ...Object.entries(rule.tags).map(([key, value]) => `${key}:${value}`),
  ]);
  return [...new Set(tags)];
}

function fileOf(record: KernelRecord): FileJson {
  return {
    path: text(record.path),
    name: text(record.name),
    path_resolution_error: record.pathCut
      ? 'the beginning of the path is missing'
      : record.path === undefined
        ? 'the path could not be read'
        : undefined,
    inode: record.inode === 0n ? undefined : safeNumber(record.inode),
    mode: record.mode === 0 ? undefined : record.mode,
  };
}

function processOf(record: KernelRecord, around: Surroundings): ProcessJson {
  const { uid, gid, euid, egid } = record;
  const [argv0, ...args] = record.argv;
  const ancestors = around.lineage.ancestors.map((facts) => ancestorJson(facts, around.clock));
  return {
    pid: record.pid,
    ppid: record.ppid,
    tid: record.tid,
    uid,
    gid,
    user: around.user,
    comm: fromBytes(record.comm),
    tty: record.tty === '' ? undefined : text(record.tty),
    created_at: around.clock.date(record.start).toISOString(),
    exec_time: around.clock.date(record.time).toISOString(),
    executable: { path: text(record.path), name: text(record.name) },
    interpreter:
      record.interpreterPath === undefined && record.interpreterName === undefined
        ? undefined
        : { path: text(record.interpreterPath), name: text(record.interpreterName) },
    argv0: text(argv0),
    args: argv0 === undefined ? undefined : args.map(fromBytes),
    args_truncated: record.argsCut,
    credentials: { uid, gid, euid, egid },
    container: around.container && { id: around.container.id },
    parent: ancestors[0],
    ancestors,
    ancestors_cut: around.lineage.complete ? undefined : true,
  };
}

function ancestorJson(facts: ProcessFacts, clock: BootClock): AncestorJson {
  return {
    pid: facts.pid,
    ppid: facts.ppid,
    comm: fromBytes(facts.comm),
    executable:
      facts.path === undefined
        ? undefined
        : { path: fromBytes(facts.path), name: fromBytes(facts.path.slice(facts.path.lastIndexOf('/') + 1)) },
    created_at: facts.start === undefined ? undefined : clock.date(facts.start).toISOString(),
    source: facts.source,
  };
}

function text(bytes: Bytes | undefined): ReturnType<typeof fromBytes> | undefined {
  return bytes === undefined ? undefined : fromBytes(bytes);
}

/** JSON readers keep 53 bits; a larger number stays whole as text. */
function safeNumber(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}

/** Names as the reference product writes them. */
function architecture(node: string): string {
  switch (node) {
    case 'x64':
      return 'amd64';
    case 'ia32':
      return '386';
    default:
      return node;
  }
}
