/** The limits of what rules do in user space, in one place. */
import type { Limit } from '../policy/limits.js';

export const limits = {
  variableBytes: {
    value: 64 * 1024 * 1024,
    unit: 'bytes of the variables of processes, containers and control groups',
    consequence: 'all variables of the one that was least recently used are forgotten, and counted',
  },
  listBytes: {
    value: 1024 * 1024,
    unit: 'bytes of one list variable',
    consequence: 'its oldest elements are forgotten',
  },
  textBytes: {
    value: 16 * 1024,
    unit: 'bytes of one text in a variable',
    consequence: 'it is not set: the variable keeps what it had, and that is counted',
  },
  shownElements: {
    value: 100,
    unit: 'elements of a list variable shown in an event',
    consequence: 'older elements are not shown',
  },
  limiterTokens: {
    value: 1_000,
    unit: 'values of `limiter_token` remembered for a rule',
    consequence: 'the least recently seen is forgotten; its next event is told early',
  },
  unknownPause: {
    value: 60_000,
    unit: 'milliseconds between two events in which a rule of user space without `every` could only be called unknown',
    consequence: 'events in between are counted as suppressed',
  },
  hashBytes: {
    value: 10 * 1024 * 1024,
    unit: 'bytes of a file that is hashed, if the action does not say less',
    consequence: 'a larger file is not hashed; the event says `file_too_big`',
  },
  hashRate: {
    value: 64 * 1024 * 1024,
    unit: 'bytes hashed a second',
    consequence: 'further files are not hashed; the event says `rate_limited`',
  },
  hashCache: {
    value: 500,
    unit: 'hashes remembered',
    consequence: 'the least recently asked for is computed again',
  },
} as const satisfies Record<string, Limit>;
