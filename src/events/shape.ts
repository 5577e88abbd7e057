/** One decided record becomes one event. */
import type { KernelRecord, TierName } from '../kernel/types.js';
import type { Rule } from '../policy/ruleset.js';
import { type Bytes, fromBytes } from '../secl/bytes.js';
import type { AlignedClock, BootClock } from './clock.js';
import { type ActionReport, type Decision, strongestAction } from './decision.js';
import type {
  ActionJson,
  AncestorJson,
  EventJson,
  FileJson,
  MatchedRuleJson,
  ProcessJson,
  RuleJson,
  VariablesJson,
} from './event.js';
import { exitOf } from './exit.js';
import type { EventImage, ImageRule } from './image.js';
import { share } from './json-text.js';
import type { LiveProcess } from './live-process.js';
import type { ProgramFacts } from './process-values.js';
import type { Lineage, ProcessFacts } from './processes.js';
import type { RuleRun } from './rule-run.js';
import type { Scene } from './scene.js';
import { missingFields } from './sources.js';

/** What stands in an event besides the scene and the decision. */
export interface Surroundings {
  version: string;
  tier: TierName;
  bootId: string;
  image: EventImage | undefined;
  run: Pick<RuleRun, 'missing' | 'variables'>;
  /** Of a process that ran already: where its program is known from, and since when. */
  live?: Pick<LiveProcess, 'source' | 'since'>;
}

const arch = architecture(process.arch);

/** Rule id of an exec that the kernel never asked about. */
export const UNSEEN_RULE = 'exec_unseen';
/** Rule id of a record whose image is no longer known. */
export const UNRESOLVED_RULE = 'rule_unresolved';

export function shapeEvent(scene: Scene, decision: Decision, around: Surroundings): EventJson {
  const { record, container, clock } = scene;
  const { verdict, decisive, matched, unknown, unresolved } = decision;
  const rule = decisive?.rule;
  const date = clock.iso(record.time);
  const shown = around.run.variables();
  const told = toldOf(matched);
  const missing = (entry: ImageRule) =>
    entry.decidedBy === 'kernel' ? missingFields(record.known, entry.rule.fields) : around.run.missing(entry.rule);
  return {
    agent: {
      rule_id: rule?.id ?? (verdict === 'unseen' ? UNSEEN_RULE : UNRESOLVED_RULE),
      rule_version: rule?.version,
      rule_actions: decision.actions.map((report) => actionJson(report, record, date, clock)),
      policy_name: rule?.policy.name,
      policy_version: rule?.policy.version,
      version: around.version,
      os: 'linux',
      arch,
      origin: 'ebpf',
    },
    title: titleOf(rule, verdict),
    date,
    evt: {
      name: record.event,
      category: 'Process Activity',
      outcome: verdict === 'refuse' ? 'Refused' : 'Success',
      matched_rules: told.rules,
      variables: shown.global,
    },
    exit: record.event === 'exit' ? exitOf(record.exitCode) : undefined,
    file: fileOf(programIn(scene)),
    process: processOf(scene, around.live, shown.process),
    container: container && {
      id: fromBytes(container.id),
      runtime: container.runtime,
      outer: container.outer.length > 0 ? container.outer.map(fromBytes) : undefined,
      variables: shown.container,
    },
    cgroup: { id: text(scene.cgroupPath), inode: record.cgroup.toString(), variables: shown.cgroup },
    usr: { id: scene.user ?? String(record.uid) },
    tags: told.tags,
    portcullis: {
      verdict,
      stage: around.live !== undefined ? 'sweep' : record.event === 'exec' ? record.stage : undefined,
      mode: rule?.mode,
      tier: around.tier,
      image: around.image?.hash,
      generation: Number(record.generation),
      record: around.live === undefined ? recordId(record, around.bootId) : sweepId(record, around.bootId),
      shadow: record.shadow ? true : undefined,
      rules: told.decided,
      unknown:
        unknown.length === 0 ? nothing : unknown.map((entry) => ({ ...ruleJson(entry), missing: missing(entry) })),
      missing: unknown.length === 0 ? nothing : [...new Set(unknown.flatMap(missing))],
      unresolved_rules: unresolved.length > 0 ? unresolved : undefined,
      signal: record.signal === 0 ? undefined : record.signal,
      args_count: record.argsCount === 0 ? undefined : record.argsCount,
      args_bytes: record.argsBytes === 0 ? undefined : record.argsBytes,
      levels: record.event === 'exec' ? record.levels : undefined,
    },
  };
}

/** The program of an event: of an exit, what the process ran. */
function programIn({ record, last }: Scene): ProgramFacts | undefined {
  return record.event === 'exec' ? record : last?.program;
}

/** What an event says of its rules, whatever else it is about. */
interface ToldRules {
  rules: MatchedRuleJson[];
  decided: RuleJson[];
  tags: string[];
}

/** Of events in which one rule held. A rule whose mode changes is another object. */
const toldOfOne = new WeakMap<ImageRule, ToldRules>();

function toldOf(matched: readonly ImageRule[]): ToldRules {
  const [only] = matched;
  if (only === undefined || matched.length > 1) return tell(matched);
  const known = toldOfOne.get(only);
  if (known !== undefined) return known;
  const told = tell(matched);
  toldOfOne.set(only, told);
  return told;
}

function tell(matched: readonly ImageRule[]): ToldRules {
  return {
    rules: matched.map(({ rule }) => matchedJson(rule)),
    decided: matched.map(ruleJson),
    tags: tagsOf(matched),
  };
}

const nothing: never[] = [];

/** The identity by which readers fold records that were delivered twice. */
export function recordId(record: KernelRecord, bootId: string): string {
  const stage = record.event === 'exec' ? record.stage : record.event;
  return `${bootId}:${record.cpu}:${record.sequence}:${record.exec}:${stage}`;
}

/** A process that was judged twice under one image is one event. */
function sweepId({ generation, pid, start }: KernelRecord, bootId: string): string {
  return [bootId, 'sweep', generation, pid, start].join(':');
}

function titleOf(rule: Rule | undefined, verdict: Decision['verdict']): string {
  if (rule !== undefined) return rule.description ?? rule.id;
  return verdict === 'unseen'
    ? 'A program started that no rule was asked about'
    : 'A rule of an earlier policy matched';
}

function actionJson(
  { action, rule, status, killedAt, why }: ActionReport,
  record: KernelRecord,
  date: string,
  clock: AlignedClock,
): ActionJson {
  const times = {
    rule_id: rule?.id,
    status,
    why,
    created_at: date,
    detected_at: clock.isoNow(),
    killed_at: killedAt === undefined ? undefined : clock.iso(killedAt),
    ttr: killedAt === undefined ? undefined : `${Number((killedAt - record.time) / 1_000n) / 1_000}ms`,
  };
  switch (action.action) {
    case 'kill':
      return { type: 'kill', signal: action.signal, scope: action.scope, ...times };
    case 'deny':
      // A deny that came to bear after the point of no return ends the process; the signal says so.
      return {
        type: 'deny',
        ...((record.signal !== 0 || killedAt !== undefined) && { signal: 'SIGKILL', scope: 'process' }),
        ...times,
      };
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

function fileOf(program: ProgramFacts | undefined): FileJson {
  if (program === undefined) return { path_resolution_error: 'the exec of the process was not reported' };
  const binary = program.levels <= 1;
  const inMemory = binary && !program.pathCut && program.path === undefined && program.name !== undefined;
  return {
    // A program with a name and no path lies on a mount of the kernel's own: a file in memory.
    path: inMemory ? '' : text(program.path),
    name: text(program.name),
    path_resolution_error: program.pathCut
      ? 'the beginning of the path is missing'
      : program.path === undefined && !inMemory
        ? 'the path could not be read'
        : undefined,
    // Of a script they are those of its interpreter.
    inode: !binary || program.inode === 0n ? undefined : safeNumber(program.inode),
    mode: !binary || program.mode === 0 ? undefined : program.mode,
  };
}

function processOf(scene: Scene, live: Surroundings['live'], variables: VariablesJson | undefined): ProcessJson {
  const { record, last, lineage, clock, container } = scene;
  const { uid, gid, euid, egid } = record;
  const program = programIn(scene);
  const argv = program?.argv;
  const argv0 = argv?.[0];
  const ancestors = ancestorsJson(lineage, clock);
  const own = last?.origin === 'own' ? last.program.since : undefined;
  const since = live !== undefined ? live.since : record.event === 'exec' ? record.time : own;
  const seen = (live?.source ?? last?.program.source) !== 'proc';
  return {
    pid: record.pid,
    ppid: record.ppid,
    tid: record.tid,
    uid,
    gid,
    user: scene.user,
    comm: fromBytes(record.comm),
    tty: program?.tty === undefined || program.tty === '' ? undefined : text(program.tty),
    created_at: clock.iso(record.start),
    exec_time: since === undefined || !seen ? undefined : clock.iso(since),
    executable: { path: text(program?.path), name: text(program?.name) },
    interpreter:
      program?.interpreterPath === undefined && program?.interpreterName === undefined
        ? undefined
        : { path: text(program.interpreterPath), name: text(program.interpreterName) },
    argv0: text(argv0),
    args: argv0 === undefined ? undefined : argv?.slice(1).map(fromBytes),
    args_truncated: program?.argsCut ?? true,
    source: seen ? undefined : 'self-declared',
    credentials: { uid, gid, euid, egid },
    container: container && { id: fromBytes(container.id) },
    parent: ancestors[0],
    ancestors,
    ancestors_cut: lineage.complete ? undefined : true,
    variables,
  };
}

/** By the lineage of which they speak: in a batch many events have the same. */
const ancestorsOf = new WeakMap<Lineage, AncestorJson[]>();

function ancestorsJson(lineage: Lineage, clock: BootClock): AncestorJson[] {
  const known = ancestorsOf.get(lineage);
  if (known !== undefined) return known;
  const made = share(lineage.ancestors.map((facts) => share(ancestorJson(facts, clock))));
  ancestorsOf.set(lineage, made);
  return made;
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
    created_at: facts.start === undefined ? undefined : clock.iso(facts.start),
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
