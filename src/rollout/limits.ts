/** The limits of rollout, in one place. What is past one of them is refused; what is in force stays. */
import type { Limit } from '../policy/limits.js';

export const limits = {
  rootBytes: { value: 512_000, unit: 'bytes of root metadata', consequence: 'the update is refused' },
  timestampBytes: { value: 16_384, unit: 'bytes of timestamp metadata', consequence: 'the update is refused' },
  snapshotBytes: { value: 64_000, unit: 'bytes of snapshot metadata', consequence: 'the update is refused' },
  targetsBytes: { value: 5_000_000, unit: 'bytes of targets metadata', consequence: 'the update is refused' },
  policyBytes: { value: 8 * 1024 * 1024, unit: 'bytes of a distributed policy', consequence: 'the update is refused' },
  setBytes: { value: 32 * 1024 * 1024, unit: 'bytes of all policies of a host', consequence: 'the update is refused' },
  rootRotations: { value: 256, unit: 'new roots in one update', consequence: 'the rest follows at the next poll' },
  policies: { value: 100, unit: 'policies of a repository', consequence: 'adding one more is refused' },
  stages: { value: 20, unit: 'stages of a release', consequence: 'the release is refused' },
  retired: { value: 5, unit: 'retired releases kept for a rollback, a policy', consequence: 'older ones are dropped' },
  selectorBytes: { value: 4_096, unit: 'bytes of a label expression', consequence: 'it is refused' },
  selectorDepth: { value: 20, unit: 'open parentheses of a label expression', consequence: 'it is refused' },
  labelCombinations: {
    value: 4_096,
    unit: 'combinations of labels tried for conflicts',
    consequence: 'policies count as meeting on one host although their labels may exclude each other',
  },
  requestTime: { value: 30_000, unit: 'milliseconds for one answer, to its last byte', consequence: 'the poll fails' },
  headersTime: {
    value: 10_000,
    unit: 'milliseconds for a connection and the headers of an answer',
    consequence: 'the poll fails',
  },
  updateTime: { value: 300_000, unit: 'milliseconds for one update, all files', consequence: 'the poll fails' },
  shortestPoll: { value: 1_000, unit: 'milliseconds between two polls, at least', consequence: 'polls wait' },
  backOff: { value: 900_000, unit: 'milliseconds between polls that fail, at most', consequence: 'polls go on' },
  retryAfter: { value: 3_600_000, unit: 'milliseconds a server can ask to wait', consequence: 'polls go on then' },
  watch: {
    value: 5_000,
    unit: 'milliseconds between two looks at what a policy on trial would act on',
    consequence: 'a bad one is refused that much later; it acts on nothing meanwhile',
  },
  establishedNames: {
    value: 20,
    unit: 'names of established executables in a reason for refusal',
    consequence: 'the rest is counted',
  },
  remindExpiry: {
    value: 3_600_000,
    unit: 'milliseconds between two warnings of expiry',
    consequence: 'it is warned again',
  },
  keyFileBytes: { value: 16_384, unit: 'bytes of a key file', consequence: 'it is not read' },
} as const satisfies Record<string, Limit>;
