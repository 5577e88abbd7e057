/** A process that lives, as if the kernel had just reported its last exec: so that rules can be asked about it. */
import type { KernelRecord } from '../kernel/types.js';
import type { CgroupPaths } from './cgroups.js';
import { isSameStart, type ProcessFacts, type ProcessTree } from './processes.js';
import type { Program } from './program.js';

export interface LiveProcess {
  /** Its time is when it was looked at. Of processes that the kernel's records know nothing of, `levels` is 0. */
  readonly record: KernelRecord;
  /** What its exec said, or what the process itself says in /proc, where it can write what it likes. */
  readonly source: Program['source'];
  /** When its program is known to have run, nanoseconds since boot. */
  readonly since: bigint;
}

export interface LiveSources {
  processes: ProcessTree;
  cgroups: CgroupPaths;
  /** Nanoseconds since boot. */
  now(): bigint;
}

/** Undefined: it has ended, or is ending, or is a thread of the kernel's and runs no program. */
export function liveProcess(pid: number, { processes, cgroups, now }: LiveSources): LiveProcess | undefined {
  const facts = processes.live(pid);
  if (facts?.path === undefined || facts.start === undefined) return undefined;
  const time = now();
  const program = processes.program(facts, time);
  const cgroup = cgroups.of(pid);
  // What was read one after the other is of one process only if that is still there.
  if (program === undefined || !isSameStart(processes.startOf(pid), facts.start)) return undefined;
  return { record: recordOf(facts, program, { time, cgroup }), source: program.source, since: program.since };
}

function recordOf(
  { pid, ppid, start, comm }: ProcessFacts,
  program: Program,
  { time, cgroup }: { time: bigint; cgroup: bigint | undefined },
): KernelRecord {
  const { since: _, source: __, ...known } = program;
  return {
    ...known,
    event: 'exec',
    exitCode: 0,
    stage: 'kill',
    verdict: 'none',
    sequence: 0n,
    exec: 0n,
    previous: 0n,
    time,
    start: start ?? time,
    generation: 0n,
    cgroup: cgroup ?? known.cgroup,
    cpu: 0,
    pid,
    tid: pid,
    ppid: ppid ?? 0,
    signal: 0,
    rules: [],
    unknownRules: [],
    shadow: false,
    established: false,
    tripped: false,
    outsideCanary: false,
    comm,
    parentComm: '',
  };
}
