/** Why no image could be built at all, for machines. */
export type CompileErrorCode =
  /** more exec rules than an image holds */
  | 'too-many-rules'
  /** one byte would decide more tests than the kernel looks at */
  | 'too-many-outputs'
  /** the tables are larger than an image may be */
  | 'image-too-large';

/** Thrown when a ruleset has no image; the policy in force stays. The message is one sentence a person can act on. */
export class CompileError extends Error {
  override readonly name = 'CompileError';
  readonly code: CompileErrorCode;

  constructor(code: CompileErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
