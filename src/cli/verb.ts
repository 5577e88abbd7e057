/** What every verb of the command line is made of. */
import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';

/**
 * 0: done and it holds. 1: it does not hold, or could not be done. 2: the command line makes no sense. 3: the agent that is
 * asked does not run.
 */
export type ExitStatus = 0 | 1 | 2 | 3;

/** The world a verb speaks to; tests give their own. */
export interface Io {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One call of the command line. A verb that never calls `finish` ends with 0. */
export interface Invocation {
  readonly io: Io;
  finish(status: ExitStatus): void;
}

/** Builds the command of one verb; main.ts lists them. */
export type Verb = (invocation: Invocation) => Command;

/** The command line makes no sense: printed as one sentence, exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
}
