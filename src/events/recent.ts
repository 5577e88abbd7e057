/** A map that forgets what was least recently used. */
export class Recent<Key, Value> {
  /**
   * In the order of use, they are chained: a map is in an order as well, but to find the first of it means to pass all places that were
   * given up since it was last made anew, thousands for each entry of a large one.
   */
  readonly #entries = new Map<Key, Entry<Key, Value>>();
  #oldest: Entry<Key, Value> | undefined;
  #newest: Entry<Key, Value> | undefined;
  readonly #capacity: number;
  readonly #costOf: (value: Value) => number;
  #cost = 0;

  /** Keeps what costs at most `capacity` together; by default the number of entries counts. */
  constructor(capacity: number, costOf: (value: Value) => number = () => 1) {
    this.#capacity = capacity;
    this.#costOf = costOf;
  }

  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#unchain(entry);
    this.#chain(entry);
    return entry.value;
  }

  /** Without making it the most recently used. */
  peek(key: Key): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  /** The number of entries that were forgotten for it. */
  set(key: Key, value: Value): number {
    this.delete(key);
    const entry = { key, value, cost: this.#costOf(value), older: undefined, newer: undefined };
    this.#entries.set(key, entry);
    this.#chain(entry);
    this.#cost += entry.cost;
    let forgotten = 0;
    while (this.#cost > this.#capacity && this.#oldest !== undefined) {
      this.delete(this.#oldest.key);
      forgotten++;
    }
    return forgotten;
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#unchain(entry);
    this.#cost -= entry.cost;
  }

  /** The least recently used first, as they are now. */
  keys(): Key[] {
    const keys: Key[] = [];
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) keys.push(entry.key);
    return keys;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What is kept costs together. */
  get cost(): number {
    return this.#cost;
  }

  /** As the most recently used. */
  #chain(entry: Entry<Key, Value>): void {
    entry.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  #unchain(entry: Entry<Key, Value>): void {
    const { older, newer } = entry;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    entry.older = entry.newer = undefined;
  }
}

interface Entry<Key, Value> {
  readonly key: Key;
  readonly value: Value;
  readonly cost: number;
  older: Entry<Key, Value> | undefined;
  newer: Entry<Key, Value> | undefined;
}
