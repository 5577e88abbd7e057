/** What goes wrong in rollout: one tree of errors, each with a code for machines and a sentence for people. */

/** A label expression does not parse. Offsets are UTF-16 units, end exclusive. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
  readonly code = 'selector';
  readonly start: number;
  readonly end: number;

  constructor(message: string, start: number, end: number) {
    super(message);
    this.start = start;
    this.end = end;
  }
}

export type PublishCode =
  /** There is no repository, there is one already, or its files do not belong together. */
  | 'repository'
  /** Another publisher is at work. */
  | 'locked'
  /** A key is missing, cannot be read, or its passphrase is wrong. */
  | 'key'
  /** The policy, its name or its stages are refused. */
  | 'policy'
  /** Two policies cannot be in force on one host. */
  | 'conflict'
  /** The release is not in a state in which this can be done. */
  | 'release';

/** The publisher refuses; nothing was published. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
  readonly code: PublishCode;

  constructor(code: PublishCode, message: string) {
    super(message);
    this.code = code;
  }
}

export type FetchCode = 'unreachable' | 'timeout' | 'oversized' | 'truncated' | 'redirect' | 'http-status';

/** A file could not be fetched. */
export class FetchError extends Error {
  override readonly name = 'FetchError';
  readonly code: FetchCode;
  readonly status: number | undefined;
  /** Milliseconds the server asks to wait. */
  readonly retryAfter: number | undefined;

  constructor(code: FetchCode, message: string, answer: { status?: number; retryAfter?: number | undefined } = {}) {
    super(message);
    this.code = code;
    this.status = answer.status;
    this.retryAfter = answer.retryAfter;
  }
}

export type TrustCode =
  | 'rollback'
  | 'expired'
  | 'signatures'
  | 'mismatch'
  | 'malformed'
  | 'bad-target-name'
  /** The policies selected for this host are larger than the limit. */
  | 'too-large';

/** What was fetched is not to be trusted. */
export class TrustError extends Error {
  override readonly name = 'TrustError';
  readonly code: TrustCode;

  constructor(code: TrustCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The store on disk cannot be read or written. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: 'store-unwritable' | 'store-unreadable' | 'store-corrupt';

  constructor(code: StoreError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** The agent will not take a policy, and would not the next time: it does not compile, or does not fit. */
export class GuardRefusal extends Error {
  override readonly name = 'GuardRefusal';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The pinned root cannot be used. */
export class PinnedRootError extends Error {
  override readonly name = 'PinnedRootError';
  readonly code = 'pinned-root';
}
