/** Where something stands in an expression: 1-based line and column (in characters), and offsets into its text. */
export interface Span {
  readonly line: number;
  readonly column: number;
  readonly start: number;
  readonly end: number;
}

/** What can be wrong with an expression, for machines. */
export type SeclErrorCode =
  /** a character or literal that is not in the language, e.g. an unterminated string */
  | 'lexical'
  /** the tokens do not form an expression */
  | 'syntax'
  /** a name that is neither field, macro, constant nor variable */
  | 'unknown-name'
  /** operands that do not go together */
  | 'type'
  /** an operator that the operand does not have, e.g. `<` on an address */
  | 'operator'
  /** a pattern, path pattern or regular expression that cannot be used */
  | 'pattern'
  /** a literal out of range: integer, duration, address */
  | 'value'
  /** registers: two names, two iterators, an empty or blank name, no iterator */
  | 'register'
  /** fields of two event types in one expression */
  | 'event-mix'
  /** `&&` and `||` side by side without parentheses, where the caller refuses that */
  | 'mixed-logical'
  /** beyond a limit of limits.ts */
  | 'limit';

/** Thrown when an expression cannot be used. The message is one sentence without the position. */
export class SeclError extends Error {
  override readonly name = 'SeclError';
  readonly code: SeclErrorCode;
  readonly line: number;
  readonly column: number;
  readonly start: number;
  readonly end: number;
  readonly #help: string | (() => string | undefined) | undefined;

  /** `help` may be found out only when somebody asks: to look for similar names takes longer than to refuse one. */
  constructor(code: SeclErrorCode, message: string, span: Span, help?: string | (() => string | undefined)) {
    super(message);
    this.code = code;
    this.line = span.line;
    this.column = span.column;
    this.start = span.start;
    this.end = span.end;
    this.#help = help;
  }

  /** What to write instead, when that is known: "did you mean ...". */
  get help(): string | undefined {
    return typeof this.#help === 'function' ? this.#help() : this.#help;
  }
}

/** Something that is allowed but probably not what its author meant. */
export interface Warning extends Span {
  readonly code: 'mixed-logical';
  readonly message: string;
  /** The text to put in place of [start, end), when one is known. */
  readonly fix?: string;
}
