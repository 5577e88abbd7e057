/** Start, reloads, switches and the stop: one after the other. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `act` when all before it have ended, however they did. Resolves and rejects as it does. */
  take<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(act);
    this.#last = result.catch(() => {});
    return result;
  }
}
