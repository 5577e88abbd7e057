/** A map that forgets what was least recently used. */
export class Recent<Key, Value> {
  readonly #entries = new Map<Key, { value: Value; cost: number }>();
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
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Without making it the most recently used. */
  peek(key: Key): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  /** The number of entries that were forgotten for it. */
  set(key: Key, value: Value): number {
    this.delete(key);
    const cost = this.#costOf(value);
    this.#entries.set(key, { value, cost });
    this.#cost += cost;
    let forgotten = 0;
    while (this.#cost > this.#capacity) {
      const oldest = this.#entries.keys().next();
      if (oldest.done === true) break;
      this.delete(oldest.value);
      forgotten++;
    }
    return forgotten;
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#cost -= entry.cost;
  }

  /** The least recently used first. */
  keys(): IterableIterator<Key> {
    return this.#entries.keys();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What is kept costs together. */
  get cost(): number {
    return this.#cost;
  }
}
