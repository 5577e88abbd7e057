/** The limits of making events out of records, in one place. Past each an event says less; none is dropped. */
import type { Limit } from '../policy/limits.js';

export const limits = {
  ancestorDepth: {
    value: 16,
    unit: 'ancestors an event',
    consequence: 'older ancestors are left out and the event is marked `ancestors_cut`',
  },
  treeBytes: {
    value: 32 * 1024 * 1024,
    unit: 'bytes of programs remembered with these processes',
    consequence: 'the least recently seen is forgotten; /proc is asked instead',
  },
  procArgumentBytes: {
    value: 4_096,
    unit: 'bytes of arguments read from /proc/PID/cmdline',
    consequence: 'what follows is unknown',
  },
  followedProcesses: {
    value: 16_384,
    unit: 'processes read from /proc when rules about exits come into force',
    consequence: 'of the end of another one only pid, ids and name are known',
  },
  cgroupPaths: {
    value: 8_192,
    unit: 'cgroup paths remembered',
    consequence: 'the least recently seen is forgotten and looked up again',
  },
  cgroupScan: {
    value: 20_000,
    unit: 'directories looked at in one search for a cgroup',
    consequence: 'the search ends and the event carries no cgroup path and no container',
  },
  cgroupScanPause: {
    value: 1_000,
    unit: 'milliseconds between two searches for a cgroup, at least',
    consequence: 'events in between carry no cgroup path if /proc does not know it',
  },
  imageHistory: {
    value: 16,
    unit: 'images whose records can still be named',
    consequence: 'a record of an older image is reported with rule numbers instead of ids',
  },
} as const satisfies Record<string, Limit>;
