/** Something in an expression that loads and is hardly what its author meant. */
export interface Lint {
  /** A stable word for machines; see docs/policies.md. */
  readonly code: string;
  readonly message: string;
  /** What to write instead. */
  readonly help: string;
  /** Offsets into the expression's text; absent: all of it. */
  readonly at?: { readonly start: number; readonly end: number };
}
