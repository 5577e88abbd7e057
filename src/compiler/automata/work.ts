/** How much work patterns may be: it is counted, not timed, so that the same ruleset always gives the same image. */
export class Work {
  constructor(private left: number) {}

  /** Takes so many transitions, as long as there are some left. */
  spend(transitions: number): 'spent' | 'exhausted' {
    if (this.left <= 0) return 'exhausted';
    this.left -= transitions;
    return 'spent';
  }

  get isExhausted(): boolean {
    return this.left <= 0;
  }
}
