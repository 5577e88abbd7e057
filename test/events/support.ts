/** Records, rules and images to make events of. */
import { CgroupPaths } from '../../src/events/cgroups.js';
import { AlignedClock } from '../../src/events/clock.js';
import type { EventImage, ImageRule } from '../../src/events/image.js';
import { ProcessTree } from '../../src/events/processes.js';
import type { RuleRun } from '../../src/events/rule-run.js';
import { Scene, type SceneParts } from '../../src/events/scene.js';
import { UserNames } from '../../src/events/users.js';
import type { KernelRecord } from '../../src/kernel/types.js';
import { loadPolicies, type Rule } from '../../src/policy/index.js';
import type { Truth } from '../../src/secl/index.js';

/** Every source was read. */
export const allKnown = 2n ** 64n - 1n;

/** An exec of /usr/bin/tool by a shell, reported at the exec. */
export function record(changes: Partial<KernelRecord> = {}): KernelRecord {
  return {
    event: 'exec',
    exitCode: 0,
    stage: 'kill',
    verdict: 'report',
    sequence: 7n,
    exec: 11n,
    previous: 0n,
    time: 5_000_000_000n,
    start: 4_000_000_000n,
    generation: 1n,
    known: allKnown,
    cgroup: 0n,
    inode: 99n,
    cpu: 2,
    device: 1,
    pid: 4242,
    tid: 4242,
    ppid: 4200,
    uid: 1000,
    gid: 1000,
    euid: 0,
    egid: 0,
    mode: 0o100755,
    signal: 0,
    argsCount: 3,
    argsBytes: 20,
    levels: 1,
    rules: [],
    unknownRules: [],
    path: '/usr/bin/tool',
    name: 'tool',
    interpreterPath: undefined,
    interpreterName: undefined,
    argv: ['tool', '-x', 'y'],
    argsCut: false,
    pathCut: false,
    shadow: false,
    established: false,
    tripped: false,
    outsideCanary: false,
    tty: undefined,
    comm: 'tool',
    parentComm: 'sh',
    ...changes,
  };
}

/** The rules of a policy given as the list under `rules:`, in YAML. */
export function rulesOf(yaml: string): readonly Rule[] {
  const { rules, diagnostics } = loadPolicies([
    { file: '/policies/test.policy', text: `version: 1.2.3\nrules:\n${yaml}` },
  ]);
  if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return rules;
}

export function imageOf(rules: readonly ImageRule[]): EventImage {
  return { hash: 'ab'.repeat(32), rules };
}

export function byKernel(rule: Rule): ImageRule {
  return { rule, decidedBy: 'kernel' };
}

export function byUserSpace(rule: Rule): ImageRule {
  return { rule, decidedBy: 'user-space' };
}

/** A host that booted at the epoch and is ten seconds old. */
export function tenSecondsUp(): AlignedClock {
  return new AlignedClock(
    () => 10_000_000_000n,
    () => 10_000,
  );
}

/** A host without other processes, on which alice has the uid 1000 and nothing is in a container. */
export function sceneParts(changes: Partial<SceneParts> = {}): SceneParts {
  return {
    clock: tenSecondsUp(),
    processes: new ProcessTree({ process: () => undefined, program: () => undefined, pids: () => [] }),
    cgroups: new CgroupPaths({
      root: () => undefined,
      membership: () => undefined,
      idOf: () => 0n,
      children: () => [],
    }),
    users: new UserNames(() => 'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n'),
    groups: new UserNames(() => 'root:x:0:\nstaff:x:1000:alice\n'),
    ...changes,
  };
}

/** A control group tree in which every process is where it is said. */
export function everyoneIn(path: string): CgroupPaths {
  return new CgroupPaths({ root: () => '/cg', membership: () => `0::${path}`, idOf: () => 77n, children: () => [] });
}

export function sceneOf(changes: Partial<KernelRecord> = {}, parts: Partial<SceneParts> = {}): Scene {
  return new Scene(record(changes), sceneParts(parts));
}

/** A run whose rules are what the function says, and whose actions do nothing. */
export function judging(judge: (rule: Rule) => Truth, changes: Partial<RuleRun> = {}): RuleRun {
  return {
    truth: judge,
    hold: () => {},
    due: () => true,
    kill: () => ({ status: 'performed', killedAt: 6_000_000_000n }),
    killScope: async () => ({ status: 'performed' }),
    actsOnUnknown: () => false,
    missing: () => [],
    telling: () => ({ tell: 'event', limited: [] }),
    followUps: [],
    variables: () => ({}),
    ...changes,
  };
}

/** Four rules over exec: an enforced deny, an enforced kill, a monitored deny, one without action. */
export const fourRules = `
  - id: first_monitor
    description: Only watched
    expression: exec.file.name == "tool"
    mode: monitor
    actions: [{deny: {}}]
    tags: {team: a}
  - id: plain
    expression: exec.args =~ "*y*"
  - id: killer
    expression: exec.file.name == "tool"
    mode: enforce
    actions: [{kill: {signal: SIGKILL, scope: container}}]
  - id: denier
    description: Refused
    version: 2.0.0
    expression: exec.argv0 == "tool"
    mode: enforce
    actions: [{deny: {}}]
    product_tags: [technique:T1496]
`;
