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
    unit: 'bytes of what is remembered of processes and their programs',
    consequence: 'the least recently seen is forgotten; /proc is asked instead',
  },
  endedProcesses: {
    value: 30_000,
    unit: 'milliseconds between two looks for processes that have ended',
    consequence: 'one that had ended at two of them in a row is forgotten',
  },
  procAge: {
    value: 10,
    unit: 'milliseconds for which what /proc said of a process is taken for what it is',
    consequence: 'it is read again, for the next batch of records',
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
  historySteps: {
    value: 65_536,
    unit: 'programs remembered, for the lineage of processes under the next policy',
    consequence: 'those of processes that have ended are forgotten first; what descends from them is unknown to it',
  },
  historyBytes: {
    value: 64 * 1024 * 1024,
    unit: 'bytes of these programs, with all that what lives descends from',
    consequence:
      'they are forgotten down to a half, those of processes that have ended first; what descends from them is unknown to it',
  },
  historyLineBytes: {
    value: 256 * 1024,
    unit: 'bytes of the programs in one line of processes',
    consequence: 'under the next policy, what came before is unknown',
  },
  historyDepth: {
    value: 256,
    unit: 'programs that followed each other in one line of processes',
    consequence: 'under the next policy, what came before is unknown',
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
  scrubPattern: {
    value: 1_024,
    unit: 'characters of a pattern of `scrub.patterns`',
    consequence: 'the configuration is refused',
  },
  scrubWork: {
    value: 16_777_216,
    unit: 'characters of a text times instructions of a pattern of `scrub.patterns` that is searched in it',
    consequence: 'what follows in the text is not shown',
  },
  scrubMemory: {
    value: 1_000,
    unit: 'secrets of arguments remembered, to be found again in variables',
    consequence: 'the oldest is forgotten: a variable that holds it without its name shows it',
  },
  scrubRemembered: {
    value: 4,
    unit: 'characters of a secret that is remembered, at least',
    consequence: 'a shorter one is masked in arguments, and not found again in variables',
  },
  imageHistory: {
    value: 16,
    unit: 'images whose records can still be named',
    consequence: 'a record of an older image is reported with rule numbers instead of ids',
  },
} as const satisfies Record<string, Limit>;
