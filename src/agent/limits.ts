/** The limits of the agent's life cycle, in one place. */
import type { Limit } from '../policy/limits.js';

export const limits = {
  establishedPrograms: {
    value: 1_000,
    unit: 'established programs that are told apart of a policy on trial',
    consequence: 'further ones are not counted; it was refused long before',
  },
  configBytes: { value: 65_536, unit: 'bytes of the configuration file', consequence: 'the agent does not start' },
  scrubPatterns: { value: 100, unit: 'patterns of `scrub.patterns`', consequence: 'the configuration is refused' },
  loggedDiagnostics: {
    value: 50,
    unit: 'policy diagnostics logged at one load',
    consequence: 'the rest is counted; `portcullis policy check` prints all',
  },
  slowSpan: {
    value: 60_000,
    unit: 'milliseconds for which `portcullis top` remembers slow events',
    consequence: 'older ones are not shown',
  },
  slowEvents: { value: 10, unit: 'slow events that `portcullis top` shows', consequence: 'faster ones are not shown' },
  recordsBetweenYields: {
    value: 64,
    unit: 'records made into events before other work gets its turn',
    consequence: 'metrics and signals wait at most that long',
  },
  niceness: {
    value: 10,
    unit: 'steps of nice(2) by which the agent goes ahead of ordinary processes',
    consequence: 'only processes with a higher priority can keep it waiting',
  },
  sweepSlice: {
    value: 5,
    unit: 'milliseconds for which running processes are judged before other work gets its turn',
    consequence: 'the sweep pauses',
  },
  sweepPause: {
    value: 5,
    unit: 'milliseconds between two slices of a sweep, at least',
    consequence: 'a sweep takes half of a processor at most',
  },
  sweepEvents: {
    value: 1_000,
    unit: 'events of a sweep',
    consequence: 'further processes are judged, acted on and counted, without events',
  },
  stopTime: {
    value: 10_000,
    unit: 'milliseconds for the log to accept what is left at a stop',
    consequence: 'the agent ends, counts the rest as lost and exits with 1',
  },
  lossCheck: {
    value: 5_000,
    unit: 'milliseconds between two looks at what the kernel lost',
    consequence: 'a loss is in the log that much later; metrics show it at once',
  },
  safeguardCheck: {
    value: 3_000,
    unit: 'milliseconds between two looks at circuit breakers and at the canary cgroup',
    consequence: 'that a rule has tripped is in the log that much later; the kernel has acted on it at once',
  },
  breakerNames: {
    value: 50,
    unit: 'paths that are remembered of what a rule stopped, for the line that says that it has tripped',
    consequence: 'further ones are not in that line',
  },
  protectionPoll: {
    value: 60_000,
    unit: 'milliseconds after which protected files are resolved again without a sign of a change',
    consequence: 'a file that was replaced where nobody could watch is unprotected that long',
  },
  protectionSettle: {
    value: 200,
    unit: 'milliseconds from the change of a directory with protected files until they are resolved again',
    consequence: 'a program that a package upgrade has replaced is unprotected that long',
  },
  standstill: {
    value: 600,
    unit: 'seconds that the service manager is asked to wait while a policy is compiled',
    consequence: 'an agent whose event loop stands still meanwhile is ended only then; the kernel goes on deciding',
  },
  tamperWindow: {
    value: 10_000,
    unit: 'milliseconds for which what one process repeats against the agent is counted before it is told',
    consequence: 'it is in the log that much later; the first attempt is there at once',
  },
  tamperLines: {
    value: 50,
    unit: 'kinds of attempts, by process, that have lines of their own in that time',
    consequence: 'further ones are told in one sum; metrics count them all',
  },
  cachedImage: {
    value: 96 * 1024 * 1024,
    unit: 'bytes of the policy image and its policies that are kept for the next start',
    consequence: 'they are not kept, and the next start compiles before anything is in force',
  },
  journalLeast: {
    value: 1024 * 1024,
    unit: 'bytes that a journal must be allowed to take',
    consequence: 'the configuration is refused',
  },
} as const satisfies Record<string, Limit>;
