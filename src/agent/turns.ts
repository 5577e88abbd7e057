/** Start, reloads, switches and the stop: one after the other. */
export class Turns {
  readonly #after: () => void;
  #last: Promise<unknown> = Promise.resolve();

  /** `after` is called at the end of each turn, however it ended, and does not throw. */
  constructor(after: () => void) {
    this.#after = after;
  }

  /** Runs `act` when all before it have ended, however they did. Resolves and rejects as it does. */
  take<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(act).finally(() => this.#after());
    this.#last = result.catch(() => {});
    return result;
  }
}
