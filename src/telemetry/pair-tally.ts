/** Counts of what has two labels. It is made into a metric when a scrape asks; prom-client takes longer for each single increment than an event may. */
export class PairTally {
  readonly #counts = new Map<string, Map<string, number>>();

  add(one: string, other: string): void {
    let counts = this.#counts.get(one);
    if (counts === undefined) {
      counts = new Map();
      this.#counts.set(one, counts);
    }
    counts.set(other, (counts.get(other) ?? 0) + 1);
  }

  /** In the order in which they came first. */
  *entries(): Generator<readonly [string, string, number], void> {
    for (const [one, counts] of this.#counts) for (const [other, count] of counts) yield [one, other, count];
  }
}
