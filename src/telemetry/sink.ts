/**
 * Where log lines go: a file descriptor that is written off the main thread, in order, and never given up. A write that
 * fails (a full disk, a pipe nobody reads) is tried again; what the kernel has to report waits meanwhile in its ring,
 * and what does not fit there is counted as lost by the kernel.
 */
import { close, closeSync, constants, fstatSync, openSync, readSync, statSync, write } from 'node:fs';
import { limits } from './limits.js';

export type LogDestination =
  | { to: 'stdout' }
  | { to: 'stderr' }
  /** A file to append to, made with mode 0600: command lines can hold secrets. */
  | { to: 'file'; path: string };

/** A log that cannot be opened. */
export class LogError extends Error {
  override readonly name = 'LogError';
  readonly code = 'log-unwritable';
}

/** What pino and delivery need of a sink. */
export interface LineSink {
  /** Queues one line, its line break included. */
  write(line: string): void;
  /** Resolves when everything queued so far was accepted by the operating system. */
  flushed(): Promise<void>;
  readonly pendingBytes: number;
}

export interface SinkFailure {
  /** Errno name. */
  code: string;
  message: string;
}

const noBytes = Buffer.alloc(0);

/** A pipe that nobody reads would hold the event loop at its opening, and then one write after the other; for a file it means nothing. */
const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

export class FileSink implements LineSink {
  readonly #destination: LogDestination;
  #descriptor: number;
  /** Filled pieces, in order; the last ones stand in `#piece`, which is being filled. */
  #queue: Buffer[] = [];
  #piece = noBytes;
  /** What of it is queued or written already, and what is filled. */
  #begun = 0;
  #filled = 0;
  #pending = 0;
  /** Bytes ever queued and ever accepted; waiters hold the first and wait for the second. */
  #queued = 0;
  #accepted = 0;
  #waiters: { until: number; resolve(): void }[] = [];
  #writing = false;
  #soon = false;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  #acceptedAt = performance.now();
  #failure: SinkFailure | undefined;
  #failures = 0;

  /** Throws LogError. */
  constructor(destination: LogDestination) {
    this.#destination = destination;
    this.#descriptor = openDestination(destination);
    if (destination.to === 'file' && endsWithinLine(destination.path)) this.write('\n');
  }

  get pendingBytes(): number {
    return this.#pending;
  }

  /** Failed writes ever, repeated ones included. */
  get failures(): number {
    return this.#failures;
  }

  /** The last failure, until a write succeeds. */
  get failure(): SinkFailure | undefined {
    return this.#failure;
  }

  /** Milliseconds for which nothing was accepted although something waits. */
  get stuckFor(): number {
    return this.#pending === 0 ? 0 : performance.now() - this.#acceptedAt;
  }

  write(line: string): void {
    // As much as UTF-8 can take of it.
    const most = line.length * 3;
    if (this.#piece.length - this.#filled < most) {
      this.#endPiece();
      this.#piece = Buffer.allocUnsafeSlow(Math.max(limits.logWrite.value, most));
      this.#begun = this.#filled = 0;
    }
    const bytes = this.#piece.write(line, this.#filled, 'utf8');
    this.#filled += bytes;
    this.#queued += bytes;
    if (this.#pending === 0) this.#acceptedAt = performance.now();
    this.#pending += bytes;
    this.#pumpSoon();
  }

  flushed(): Promise<void> {
    if (this.#accepted >= this.#queued) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ until: this.#queued, resolve }));
  }

  /** Opens the file anew, after a rotation moved it away. Throws LogError, and then goes on with the old one. */
  reopen(): void {
    if (this.#destination.to !== 'file') return;
    const fresh = openDestination(this.#destination);
    const old = this.#descriptor;
    this.#descriptor = fresh;
    // A write may be under way on the old descriptor, and its number must not be given to another file meanwhile.
    void this.flushed().then(() => close(old, () => {}));
  }

  /** Writes nothing more. Call it when `flushed` has resolved, or when waiting for it is over. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    if (this.#destination.to === 'file' && !this.#writing) closeSync(this.#descriptor);
  }

  /** Puts what was filled of the piece into the queue; the rest of it is filled further. */
  #endPiece(): void {
    if (this.#filled === this.#begun) return;
    this.#queue.push(this.#piece.subarray(this.#begun, this.#filled));
    this.#begun = this.#filled;
  }

  /** Lines that come one right after the other are written together. */
  #pumpSoon(): void {
    if (this.#writing || this.#soon) return;
    this.#soon = true;
    queueMicrotask(() => {
      this.#soon = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#writing || this.#retry !== undefined || this.#closed) return;
    this.#endPiece();
    const chunk = this.#queue.shift();
    if (chunk === undefined) return;
    this.#writing = true;
    write(this.#descriptor, chunk, 0, chunk.length, null, (error, written) => {
      this.#writing = false;
      const done = error === null ? written : 0;
      if (done < chunk.length) this.#queue.unshift(chunk.subarray(done));
      if (done > 0) this.#accept(done);
      if (error !== null) this.#fail(error);
      else this.#pump();
    });
  }

  #accept(bytes: number): void {
    this.#accepted += bytes;
    this.#pending -= bytes;
    this.#acceptedAt = performance.now();
    this.#failure = undefined;
    const ready = this.#waiters.filter(({ until }) => until <= this.#accepted);
    this.#waiters = this.#waiters.filter(({ until }) => until > this.#accepted);
    for (const { resolve } of ready) resolve();
  }

  #fail(error: NodeJS.ErrnoException): void {
    // EAGAIN is a reader that is slower than we are, not a failure.
    const full = error.code === 'EAGAIN';
    if (!full) {
      this.#failures++;
      this.#failure = { code: error.code ?? 'unknown', message: error.message };
    }
    if (this.#closed) return;
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        this.#pump();
      },
      full ? 10 : limits.logRetry.value,
    );
  }
}

function openDestination(destination: LogDestination): number {
  switch (destination.to) {
    case 'stdout':
      return ownDescription(1);
    case 'stderr':
      return ownDescription(2);
    case 'file':
      try {
        return openSync(destination.path, appending, 0o600);
      } catch (error) {
        throw logError(destination.path, error);
      }
  }
}

function logError(path: string, error: unknown): LogError {
  // a socket has no reader either, and cannot be opened at all
  if (error instanceof Error && 'code' in error && error.code === 'ENXIO' && statSync(path).isFIFO())
    return new LogError(
      `There is nobody who reads the pipe ${path}. Start what reads it first, or check log.destination.`,
    );
  const reason = error instanceof Error ? error.message : String(error);
  return new LogError(`The log ${path} cannot be opened: ${reason}. Check log.destination.`);
}

/** True when whoever wrote the file before was ended in the middle of a line, which must not spoil the next one. */
function endsWithinLine(path: string): boolean {
  let descriptor: number | undefined;
  try {
    const { size } = statSync(path);
    // Also anything that is no file: it has no end to look at.
    if (size === 0) return false;
    descriptor = openSync(path, 'r');
    const last = Buffer.alloc(1);
    return readSync(descriptor, last, 0, 1, size - 1) === 1 && last.toString() !== '\n';
  } catch {
    return false;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * A standard stream whose writes do not block: a blocking write to a pipe that nobody reads would hold its thread for
 * ever, and with it the end of the process. A pipe or a terminal gets a description of its own, so that other users of
 * the stream notice nothing. A socket (journald) has no path to open; Node makes it non-blocking when it opens its own
 * stream over it. A file never blocks, and is used as it is since its position is shared.
 */
function ownDescription(descriptor: 1 | 2): number {
  const stream = fstatSync(descriptor);
  if (stream.isSocket()) return (descriptor === 1 ? process.stdout : process.stderr).fd;
  if (!stream.isFIFO() && !stream.isCharacterDevice()) return descriptor;
  try {
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return descriptor;
  }
}
