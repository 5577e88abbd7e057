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
  scopeTime: {
    value: 5_000,
    unit: 'milliseconds for the control group of a wider kill to become empty',
    consequence: 'the agent looks no more; the event says `partially_performed`',
  },
  scopePause: {
    value: 50,
    unit: 'milliseconds between two looks at such a control group, at most',
    consequence: 'its end is noticed that much later',
  },
  scopeCgroups: {
    value: 10_000,
    unit: 'control groups below one that are read for their processes',
    consequence: 'processes in further ones are killed and not listed; where one is to be spared, they are not found',
  },
  scopeSignals: {
    value: 256,
    unit: 'processes of a frozen control group signalled before other work gets its turn',
    consequence: 'other work waits at most that long',
  },
  scopeShown: {
    value: 32,
    unit: 'pids of a wider kill in an event',
    consequence: 'further ones are counted and not shown',
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
  hashTime: {
    value: 3_000,
    unit: 'milliseconds for a file to be hashed',
    consequence: 'the event says `failed`; until its reading ends, so do those of all further files',
  },
  hashSlow: {
    value: 500,
    unit: 'milliseconds after which a file was slow',
    consequence: 'for ten times as long as it took no file is hashed; the event says `rate_limited`',
  },
  hashCache: {
    value: 500,
    unit: 'hashes remembered',
    consequence: 'the least recently asked for is computed again',
  },
} as const satisfies Record<string, Limit>;
