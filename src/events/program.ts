/** The program a process runs: what its exec said, or what /proc says of a process whose exec nobody reported. */
import type { KernelRecord } from '../kernel/types.js';

type ProgramFact =
  | 'path'
  | 'pathCut'
  | 'name'
  | 'interpreterPath'
  | 'interpreterName'
  | 'inode'
  | 'device'
  | 'mode'
  | 'levels'
  | 'argv'
  | 'argsCut'
  | 'argsCount'
  | 'argsBytes'
  | 'tty'
  | 'comm'
  | 'known'
  | 'uid'
  | 'gid'
  | 'euid'
  | 'egid'
  | 'cgroup';

export interface Program extends Pick<KernelRecord, ProgramFact> {
  /** Nanoseconds since boot; from then on this is known to have been the process's program. */
  readonly since: bigint;
  /** `proc` is self-declared: a process writes its own arguments and its name there. */
  readonly source: 'record' | 'proc';
}

/** The program of an exec that took place. */
export function programOf(record: KernelRecord): Program {
  const { path, pathCut, name, interpreterPath, interpreterName, inode, device, mode, levels, argv, argsCut } = record;
  const { argsCount, argsBytes, tty, comm, known, uid, gid, euid, egid, cgroup } = record;
  return {
    ...{ path, pathCut, name, interpreterPath, interpreterName, inode, device, mode, levels, argv, argsCut },
    ...{ argsCount, argsBytes, tty, comm, known, uid, gid, euid, egid, cgroup },
    since: record.time,
    source: 'record',
  };
}

/** Bytes of memory that a program keeps, roughly. */
export function programBytes({ path, interpreterPath, argv }: Program): number {
  const overhead = 512;
  return argv.reduce(
    (sum, argument) => sum + argument.length + 16,
    overhead + (path?.length ?? 0) + (interpreterPath?.length ?? 0),
  );
}
