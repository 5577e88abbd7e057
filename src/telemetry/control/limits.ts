/** The limits of the control socket, in one place. */
import type { Limit } from '../../policy/limits.js';

export const limits = {
  requestBytes: {
    value: 4_096,
    unit: 'bytes of a request',
    consequence: 'the answer is an error, and the connection ends',
  },
  pipelinedRequests: {
    value: 64,
    unit: 'requests of a connection that wait for their answers',
    consequence: 'the answer is an error, and the connection ends',
  },
  overlap: {
    value: 1_000,
    unit: 'events of the past that a follower is not told twice',
    consequence: 'one that happens while an older one is told may come twice',
  },
  connections: { value: 32, unit: 'control connections at one time', consequence: 'a further one is closed' },
  requestTime: {
    value: 5_000,
    unit: 'milliseconds a connection may take for its next request',
    consequence: 'it is closed',
  },
  unlockTime: {
    value: 3_600,
    unit: 'seconds for which `portcullis unlock` opens',
    consequence: 'the request is refused',
  },
  answerTime: {
    value: 10_000,
    unit: 'milliseconds for which a client may take nothing of an answer',
    consequence: 'the connection is closed',
  },
  pendingAnswer: {
    value: 1_048_576,
    unit: 'bytes of events that a follower has not taken',
    consequence: 'events are left out, and it is told how many',
  },
  recentBytes: {
    value: 4_194_304,
    unit: 'bytes of recent events kept for whoever asks',
    consequence: 'the oldest are forgotten',
  },
  recentEvents: { value: 10_000, unit: 'recent events kept for whoever asks', consequence: 'the oldest are forgotten' },
} as const satisfies Record<string, Limit>;
