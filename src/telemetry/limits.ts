/** The limits of log, metrics and their server, in one place. */
import type { Limit } from '../policy/limits.js';

export const limits = {
  pendingLog: {
    value: 4 * 1024 * 1024,
    unit: 'bytes written to the log and not yet accepted',
    consequence: 'delivery waits; the kernel keeps the records meanwhile',
  },
  logWrite: {
    value: 256 * 1024,
    unit: 'bytes of lines that are written to the log at one time, or one longer line',
    consequence: 'further lines wait for the next write',
  },
  logRetry: {
    value: 1_000,
    unit: 'milliseconds between two attempts to write to a log that fails, at most',
    consequence: 'attempts go on for as long as the agent runs',
  },
  stuckDelivery: {
    value: 30_000,
    unit: 'milliseconds for which the log accepts nothing though something waits, or for which records of the kernel are on their way to it',
    consequence: '/healthz answers 503',
  },
  journalSegment: {
    value: 8 * 1024 * 1024,
    unit: 'bytes of one file of the journal, or a quarter of its size if that is less',
    consequence: 'the next file is begun',
  },
  journalSync: {
    value: 1_000,
    unit: 'milliseconds for which lines of the journal may not be on the disk yet, with `journal.sync: second`',
    consequence: 'a loss of power takes what is younger',
  },
  journalRetry: {
    value: 1_000,
    unit: 'milliseconds between two attempts to write to a journal that fails, or to read from it',
    consequence: 'events that cannot be written go to the log alone meanwhile, and are counted',
  },
  journalPatience: {
    value: 10_000,
    unit: 'milliseconds without progress after which a journal that is full waits for its log no longer, and what cannot be read is passed over',
    consequence: 'these events are counted as overtaken; before that the kernel keeps its records, or it is read again',
  },
  journalRead: {
    value: 256 * 1024,
    unit: 'bytes read from the journal at one time',
    consequence: 'the rest is read when the log has taken these',
  },
  journalFresh: {
    value: 1024 * 1024,
    unit: 'bytes in the journal that are kept in memory for a log that is not far behind',
    consequence: 'a log that is further behind is fed from the disk',
  },
  foldedRecords: {
    value: 100_000,
    unit: 'record ids that a reader of the journal remembers',
    consequence: 'a record that comes again after that many others is shown twice',
  },
  ruleLabels: {
    value: 1_000,
    unit: 'rules with a time series of their own, since the start',
    consequence: 'further rules are counted together as rule="other"',
  },
  headerBytes: { value: 8 * 1024, unit: 'bytes of HTTP request headers', consequence: 'the answer is 431' },
  requestTime: {
    value: 5_000,
    unit: 'milliseconds for a client to send its request',
    consequence: 'the connection is closed, with 408 where one can still be sent',
  },
  idleTime: { value: 5_000, unit: 'milliseconds a connection may idle', consequence: 'it is closed' },
  connections: { value: 64, unit: 'HTTP connections at one time', consequence: 'a further one is closed' },
  requestsPerConnection: { value: 1_000, unit: 'requests a connection', consequence: 'it is closed after the last' },
} as const satisfies Record<string, Limit>;
