/**
 * Records on their way to the log. One batch after another: its events are written, the log accepts them, and only then
 * does the kernel learn that it may forget the records. A log that accepts nothing therefore fills the kernel's ring,
 * not our memory. A record that is delivered twice has the same `portcullis.record`.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { AlignedClock } from '../events/clock.js';
import type { EventMaker } from '../events/maker.js';
import type { KernelRecord, RecordBatch } from '../kernel/types.js';
import type { AgentLog } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { LineSink } from '../telemetry/sink.js';
import { limits } from './limits.js';

export interface DeliveryParts {
  maker: EventMaker;
  clock: AlignedClock;
  log: AgentLog;
  sink: LineSink;
  metrics: Metrics;
  /** Bytes in the sink past which delivery waits before it makes further events. */
  pendingLimit: number;
}

export interface DeliveryCounts {
  /** Records taken from the kernel. */
  records: number;
  /** Events written, and accepted by the log. */
  events: number;
  /** Records that user space found no rule for. */
  discarded: number;
  /** Records that could not be made into an event. */
  malformed: number;
}

export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #counts: DeliveryCounts = { records: 0, events: 0, discarded: 0, malformed: 0 };
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  get counts(): Readonly<DeliveryCounts> {
    return this.#counts;
  }

  /** Records that were handed over and whose events the log has not accepted yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Takes a batch and acknowledges it once its events are safe. Returns at once. */
  accept(batch: RecordBatch): void {
    this.#enqueue(batch.records, () => batch.acknowledge());
  }

  /** The same for records that the kernel does not hold any more, as after a drain. */
  acceptDrained(records: readonly KernelRecord[]): void {
    this.#enqueue(records, () => {});
  }

  /** Resolves when everything accepted so far is safe. */
  idle(): Promise<void> {
    return this.#tail;
  }

  #enqueue(records: readonly KernelRecord[], acknowledge: () => void): void {
    this.#waiting += records.length;
    this.#counts.records += records.length;
    const { log } = this.#parts;
    this.#tail = this.#tail
      .then(() => this.#deliver(records))
      .then(acknowledge)
      .catch((error: unknown) => {
        // Not acknowledged: the records stay with the kernel, and the next reader of the ring finds them.
        log.error('delivery-failed', 'A batch of records could not be delivered.', { error: reasonOf(error) });
      });
  }

  async #deliver(records: readonly KernelRecord[]): Promise<void> {
    const { maker, sink, metrics, clock, pendingLimit } = this.#parts;
    await maker.beginBatch();
    let events = 0;
    for (const [index, record] of records.entries()) {
      events += this.#write(record);
      if (sink.pendingBytes > pendingLimit) await sink.flushed();
      else if (index % limits.recordsBetweenYields.value === limits.recordsBetweenYields.value - 1) {
        await yieldToOthers();
      }
    }
    await sink.flushed();
    for (const record of records) metrics.delivered(clock.secondsSince(record.time));
    this.#waiting -= records.length;
    this.#counts.events += events;
  }

  /** The number of events written. One bad record must not hold up the others. */
  #write(record: KernelRecord): 0 | 1 {
    const { maker, log, metrics } = this.#parts;
    try {
      const made = maker.make(record);
      if (made === undefined) {
        this.#counts.discarded++;
        if (record.verdict !== 'none') metrics.candidateDiscarded();
        return 0;
      }
      log.event(made.event);
      metrics.event(record.stage, made.decision);
      return 1;
    } catch (error) {
      this.#counts.malformed++;
      metrics.recordMalformed();
      const { cpu, sequence, exec, pid } = record;
      log.error('record-malformed', 'A record could not be made into an event.', {
        error: reasonOf(error),
        record: { cpu, sequence: String(sequence), exec: String(exec), pid },
      });
      return 0;
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
