/** A program as /proc shows it, for processes whose exec was not reported: older than the agent, or asked about too late. */
import { closeSync, openSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs';
import type { Bytes } from '../secl/bytes.js';
import { limits } from './limits.js';
import type { Program } from './program.js';
import { type Source, sourceNumber } from './sources.js';

/** Reads the program of a process; undefined when it is gone. `now`: nanoseconds since boot. */
export type ProgramReader = (pid: number, now: bigint) => Program | undefined;

/** What such a program knows. The file is the binary that runs: of a script, its interpreter. */
const readable: readonly Source[] = ['path', 'name', 'comm', 'uid', 'gid', 'euid', 'egid', 'fileMode', 'fileInode'];

export const readProgram: ProgramReader = (pid, now) => {
  const status = quietly(() => parseStatus(readFileSync(`/proc/${pid}/status`, 'latin1')));
  if (status === undefined) return undefined;
  const path = quietly(() => readlinkSync(`/proc/${pid}/exe`, 'latin1').replace(/ \(deleted\)$/, ''));
  const file = quietly(() => statSync(`/proc/${pid}/exe`, { bigint: true }));
  const block = quietly(() => head(`/proc/${pid}/cmdline`)) ?? { bytes: '', cut: false };
  const { argv, cut } = argumentsOf(block);
  const sources = cut || argv.length === 0 ? readable : [...readable, 'argv0' as const, 'args' as const];
  return {
    path,
    pathCut: false,
    name: path?.slice(path.lastIndexOf('/') + 1),
    interpreterPath: undefined,
    interpreterName: undefined,
    inode: file?.ino ?? 0n,
    device: 0,
    mode: Number(file?.mode ?? 0n),
    // Whether the binary interprets a script is not known.
    levels: 0,
    argv,
    argsCut: cut,
    argsCount: cut ? 0 : argv.length,
    argsBytes: 0,
    tty: undefined,
    ...status,
    known: sources.reduce((mask, source) => mask | (1n << BigInt(sourceNumber(source))), 0n),
    cgroup: 0n,
    since: now,
    source: 'proc',
  };
};

/** Name and ids in the text of /proc/PID/status. */
export function parseStatus(text: string): Pick<Program, 'comm' | 'uid' | 'gid' | 'euid' | 'egid'> {
  const line = (key: string) => new RegExp(`^${key}:\t(.*)$`, 'm').exec(text)?.[1];
  const ids = (key: string) => line(key)?.split('\t').map(Number) ?? [];
  const [uid, euid] = ids('Uid');
  const [gid, egid] = ids('Gid');
  const comm = line('Name');
  if (comm === undefined || uid === undefined || euid === undefined || gid === undefined || egid === undefined) {
    throw new RangeError('not the text of /proc/PID/status');
  }
  return { comm: unescaped(comm), uid, gid, euid, egid };
}

/** The kernel writes a newline as `\n` and a backslash as `\\` there. */
function unescaped(name: Bytes): Bytes {
  return name.replace(/\\([n\\])/g, (_, letter: string) => (letter === 'n' ? '\n' : '\\'));
}

/** Strings with a NUL behind each. What was cut may end in the middle of one. */
function argumentsOf({ bytes, cut }: { bytes: Bytes; cut: boolean }): { argv: Bytes[]; cut: boolean } {
  if (bytes === '') return { argv: [], cut: false };
  const argv = bytes.split('\0');
  if (!cut && bytes.endsWith('\0')) argv.pop();
  return { argv, cut };
}

function head(path: string): { bytes: Bytes; cut: boolean } {
  const buffer = Buffer.alloc(limits.procArgumentBytes.value + 1);
  const descriptor = openSync(path, 'r');
  try {
    let length = 0;
    for (;;) {
      const read = readSync(descriptor, buffer, length, buffer.length - length, null);
      length += read;
      if (read === 0 || length === buffer.length) break;
    }
    const cut = length === buffer.length;
    return { bytes: buffer.toString('latin1', 0, cut ? length - 1 : length), cut };
  } finally {
    closeSync(descriptor);
  }
}

/** A process goes away at any moment: that is not an error, only nothing known. */
function quietly<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
