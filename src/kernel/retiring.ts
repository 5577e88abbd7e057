/**
 * A set of programs that decides no more, and whose rings still hold records. They are delivered as all others are, and the set goes when
 * the last of them is safe: an agent that dies before leaves them to the next one.
 */
import type { Ring } from './addon.js';
import type { KernelRecord, RecordBatch, RingName } from './types.js';

export interface RetiringParts {
  /** Their consumers are stopped. */
  rings: ReadonlyMap<RingName, Ring>;
  decode(bytes: Uint8Array): KernelRecord;
  /** `safe`: nothing of the set is needed any more. `left`: what it still holds is for the next agent. */
  end(how: 'safe' | 'left'): void;
}

export class RetiringSet {
  readonly #parts: RetiringParts;
  #state: 'waits' | 'hands-over' | 'delivers' | 'ended' = 'waits';

  constructor(parts: RetiringParts) {
    this.#parts = parts;
  }

  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  /** Hands over what is left in the rings. */
  deliver(onBatch: (batch: RecordBatch) => void): void {
    if (this.#state !== 'waits') return;
    // whoever acknowledges at once does not end what is still being read
    this.#state = 'hands-over';
    const { rings, decode } = this.#parts;
    for (const [name, ring] of rings) {
      for (let batch = ring.drain(); batch; batch = ring.drain()) {
        const read = batch;
        const acknowledge = () => {
          if (this.#state === 'ended') return;
          ring.acknowledge(read);
          this.endWhenSafe();
        };
        onBatch({ ring: name, records: [...read].map(decode), acknowledge });
      }
    }
    this.#state = 'delivers';
    this.endWhenSafe();
  }

  /** What nobody was handed; it stays in the rings. */
  rest(): KernelRecord[] {
    if (this.#state !== 'waits') return [];
    this.#state = 'delivers';
    return [...this.#parts.rings.values()].flatMap((ring) => restOf(ring).map(this.#parts.decode));
  }

  /** To be called after each acknowledgement of a batch of its rings that was handed out before it retired. */
  endWhenSafe(): void {
    if (this.#state !== 'delivers') return;
    if ([...this.#parts.rings.values()].every((ring) => ring.lag().inFlight === 0)) this.end('safe');
  }

  end(how: 'safe' | 'left'): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#parts.end(how);
  }
}

/** Those that have not ended. */
export class RetiringSets {
  #sets: RetiringSet[] = [];
  #onBatch: ((batch: RecordBatch) => void) | undefined;

  /** What it still holds is handed over at once, if batches are taken already. */
  add(parts: RetiringParts): void {
    const set = new RetiringSet(parts);
    this.#sets.push(set);
    if (this.#onBatch) set.deliver(this.#onBatch);
    this.#forget();
  }

  /** Hands over what they hold, and what those hold that are added from now on. */
  deliver(onBatch: (batch: RecordBatch) => void): void {
    this.#onBatch = onBatch;
    for (const set of this.#sets) set.deliver(onBatch);
    this.#forget();
  }

  /** What nobody was handed; it stays in the rings. */
  rest(): KernelRecord[] {
    return this.#sets.flatMap((set) => set.rest());
  }

  /** To be called after each acknowledgement of a batch. */
  endWhenSafe(): void {
    for (const set of this.#sets) set.endWhenSafe();
    this.#forget();
  }

  end(how: 'safe' | 'left'): void {
    for (const set of this.#sets) set.end(how);
    this.#forget();
  }

  #forget(): void {
    this.#sets = this.#sets.filter((set) => !set.hasEnded);
  }
}

/** What nobody has read of a ring whose consumer is stopped. It is not acknowledged. */
export function restOf(ring: Ring): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let batch = ring.drain(); batch; batch = ring.drain()) records.push(...batch);
  return records;
}
