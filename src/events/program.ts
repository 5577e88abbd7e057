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

/** The program of an exec that took place. Written out, since it is made for every exec that is reported. */
export function programOf(record: KernelRecord): Program {
  return {
    path: record.path,
    pathCut: record.pathCut,
    name: record.name,
    interpreterPath: record.interpreterPath,
    interpreterName: record.interpreterName,
    inode: record.inode,
    device: record.device,
    mode: record.mode,
    levels: record.levels,
    argv: record.argv,
    argsCut: record.argsCut,
    argsCount: record.argsCount,
    argsBytes: record.argsBytes,
    tty: record.tty,
    comm: record.comm,
    known: record.known,
    uid: record.uid,
    gid: record.gid,
    euid: record.euid,
    egid: record.egid,
    cgroup: record.cgroup,
    since: record.time,
    source: 'record',
  };
}

/** A text's place in an array, its header, and what fills up its last word. */
const textBytes = 32;

/** Bytes of memory that a program keeps, roughly; rather too many than too few. */
export function programBytes({ path, interpreterPath, argv }: Program): number {
  let bytes = 512 + (path?.length ?? 0) + (interpreterPath?.length ?? 0);
  for (const argument of argv) bytes += argument.length + textBytes;
  return bytes;
}
