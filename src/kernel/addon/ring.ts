/** Ring buffers: batches of records that stay in the kernel's ring until they are acknowledged. */
import { BpfMap } from './map.js';
import { type NativeBatch, type NativeRing, native } from './native.js';

/** Defaults of a consumer. Past a limit the records simply wait in the ring; when that is full the kernel loses new ones. */
export const RING_LIMITS = {
  /** Bytes of payload in a batch; a single larger record is a batch of its own. */
  batchBytes: 1024 * 1024,
  batchRecords: 128,
  /** Batches handed out and not acknowledged; no further one is read before. */
  batchesInFlight: 16,
} as const;

export interface RingOptions {
  batchBytes?: number;
  batchRecords?: number;
  batchesInFlight?: number;
}

export interface RingLag {
  /** Bytes ever written to the ring, headers included. */
  produced: bigint;
  /** Bytes ever acknowledged. */
  consumed: bigint;
  /** Bytes of the ring. */
  size: number;
  /** Batches that were read and not acknowledged, delivered or not. */
  inFlight: number;
}

/** Consecutive records, copied out of the ring. */
export class RingBatch {
  /** All payloads; each begins at a multiple of 8. */
  readonly bytes: ArrayBuffer;
  /** Where each payload begins, and how long it is. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /** Position in the ring after the last record: what acknowledge() takes. */
  readonly end: bigint;

  /** @internal */
  constructor(batch: NativeBatch) {
    this.bytes = batch.bytes;
    this.offsets = batch.offsets;
    this.lengths = batch.lengths;
    this.end = batch.end;
  }

  get count(): number {
    return this.offsets.length;
  }

  /** A view, not a copy. */
  record(index: number): Uint8Array {
    const offset = this.offsets[index];
    const length = this.lengths[index];
    if (offset === undefined || length === undefined) {
      throw new RangeError(`record ${index} of a batch of ${this.count}`);
    }
    return new Uint8Array(this.bytes, offset, length);
  }

  *[Symbol.iterator](): Generator<Uint8Array, void> {
    for (let index = 0; index < this.count; index++) yield this.record(index);
  }
}

/**
 * The only consumer of a ring buffer. Reading begins at the kernel's position, so with what the last consumer did not
 * acknowledge; discarded records are skipped, and records behind one that is still being written wait for it.
 */
export class Ring {
  readonly #native: NativeRing;

  private constructor(ring: NativeRing) {
    this.#native = ring;
  }

  /** The map may be closed afterwards. @throws KernelError, TypeError for a map of another type */
  static open(map: BpfMap, options: RingOptions = {}): Ring {
    const { batchBytes, batchRecords, batchesInFlight } = { ...RING_LIMITS, ...options };
    return new Ring(new (native().Ring)(BpfMap.nativeOf(map), batchBytes, batchRecords, batchesInFlight));
  }

  /**
   * A thread waits for records; onBatch is called from the event loop, in order. Keeps the process alive until stop(). While
   * batches are unacknowledged a new record may be seen up to 16 ms late, unless the kernel side forces a wake-up. Where that side forgoes
   * one, a record is seen 5 ms after the batch before it at the latest, or 250 ms after it was written.
   */
  start(onBatch: (batch: RingBatch) => void): void {
    if (typeof onBatch !== 'function') throw new TypeError('onBatch must be a function');
    this.#native.start((batch) => onBatch(new RingBatch(batch)));
  }

  /** This batch and all before it are safe: the kernel may reuse their place. */
  acknowledge(batch: RingBatch | bigint): void {
    this.#native.acknowledge(typeof batch === 'bigint' ? batch : batch.end);
  }

  /** What is in the ring now comes soon, also if its writer thought that it could wait. */
  look(): void {
    this.#native.look();
  }

  /**
   * Ends the thread before it returns; resolves when onBatch, or drain(), has had every batch that was read. They can
   * still be acknowledged, the rest is for drain(), and start() goes on where this one stopped.
   */
  stop(): Promise<void> {
    return this.#native.stop();
  }

  /**
   * The next batch, synchronously; undefined when nothing is left to read. For shutdown, right after the call of stop(): what
   * the thread had read and the event loop did not deliver comes first, and onBatch does not get it again. Not bounded by
   * batchesInFlight.
   */
  drain(): RingBatch | undefined {
    const batch = this.#native.drain();
    return batch === undefined ? undefined : new RingBatch(batch);
  }

  lag(): RingLag {
    return this.#native.lag();
  }

  /** Unmaps the ring; records that were not acknowledged stay in it while something holds the map. */
  close(): void {
    this.#native.close();
  }
}
