/** The processes of this host, for kills after the event. */
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { parseStat } from '../events/processes.js';
import { bootTimeNs, ProcessHandle } from '../kernel/addon.js';
import type { Processes } from './kill.js';

export const systemProcesses: Processes = {
  self: process.pid,
  isProtected: (pid) => pid <= 1 || pid === process.pid,
  open: (pid) => ProcessHandle.open(pid),
  start: (pid) => quietly(() => parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1')).start),
  binary: (pid) =>
    quietly(() => ({
      inode: statSync(`/proc/${pid}/exe`, { bigint: true }).ino,
      path: readlinkSync(`/proc/${pid}/exe`, 'latin1').replace(/ \(deleted\)$/, ''),
    })),
  now: bootTimeNs,
};

/** A process goes away at any moment: that is not an error, only nothing known. */
function quietly<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
