/**
 * Records on their way to the log. One after another they become events, which decides and kills where user space does that; each event
 * is written at once, the log accepts it, and only then does the kernel learn that it may forget the records. Making does not wait for the
 * log, so a slow one delays no kill: what it does not take waits in a queue, and since the kernel hands out only a few batches at a time,
 * a log that accepts nothing fills the kernel's ring and not our memory. A record that is delivered twice has the same
 * `portcullis.record`.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { AlignedClock } from '../events/clock.js';
import { statusWithScope } from '../events/decision.js';
import type { EventJson } from '../events/event.js';
import { type EventMaker, type MadeEvent, onlySaysWhatRuns } from '../events/maker.js';
import type { KernelRecord, RecordBatch } from '../kernel/types.js';
import type { FileHasher } from '../rules/hasher.js';
import type { AgentLog } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { LineSink } from '../telemetry/sink.js';
import { followUp, hasFollowUps } from './follow-up.js';
import { limits } from './limits.js';

export interface DeliveryParts {
  maker: EventMaker;
  clock: AlignedClock;
  log: AgentLog;
  sink: LineSink;
  metrics: Metrics;
  hasher: FileHasher;
  /** Is told of each event when it is written, and its JSON. */
  onEvent(event: EventJson, json: string): void;
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
  /** Events that were not told: their rules are silent or have said enough for now. */
  untold: number;
  /** Records that could not be made into an event. */
  malformed: number;
}

/** What waits for its turn to be written: an event, or the end of a batch. */
type Waiting = { wait: 'event'; made: MadeEvent } | { wait: 'end'; batch: Batch };

interface Batch {
  records: readonly KernelRecord[];
  acknowledge(): void;
}

export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #counts: DeliveryCounts = { records: 0, events: 0, discarded: 0, untold: 0, malformed: 0 };
  /** Ends when all events so far are made. */
  #made: Promise<unknown> = Promise.resolve();
  /** What could not be written as soon as it was made, in order. */
  readonly #queue: Waiting[] = [];
  /** Ends when the queue is empty; undefined while it is. */
  #draining: Promise<void> | undefined;
  /** Ends when everything that was written so far is safe. */
  #safe: Promise<void> = Promise.resolve();
  /** Events since the last end of a batch, and those among them whose line could not be made. */
  #written = 0;
  #unwritten = 0;
  #waiting = 0;
  /** Batches that are not safe, in order, and when each came. */
  readonly #unsafe = new Map<Batch, number>();

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

  /** Milliseconds since the oldest of them were handed over; 0 when there are none. */
  get waitingFor(): number {
    for (const since of this.#unsafe.values()) return performance.now() - since;
    return 0;
  }

  /** Takes a batch and acknowledges it once its events are safe. Returns at once. */
  accept(batch: RecordBatch): void {
    this.#accept(batch);
  }

  /** The same for records that the kernel does not hold any more, as after a drain. */
  acceptDrained(records: readonly KernelRecord[]): void {
    this.#accept({ records, acknowledge: () => {} });
  }

  /** Writes an event that no record stands behind, after all that came before. */
  acceptMade(made: MadeEvent): void {
    this.#countActions(made);
    this.#made = this.#made.then(() => {
      this.#put({ wait: 'event', made });
      this.#put({ wait: 'end', batch: { records: [], acknowledge: () => {} } });
    });
  }

  /** Resolves when everything accepted so far is safe. */
  async idle(): Promise<void> {
    await this.#made;
    await this.#draining;
    await this.#safe;
  }

  #accept(batch: Batch): void {
    this.#waiting += batch.records.length;
    this.#counts.records += batch.records.length;
    this.#unsafe.set(batch, performance.now());
    this.#made = this.#made
      .then(() => this.#make(batch))
      .catch((error: unknown) => {
        this.#unsafe.delete(batch);
        this.#failed(error);
      });
  }

  async #make(batch: Batch): Promise<void> {
    await this.#parts.maker.beginBatch();
    for (const [index, record] of batch.records.entries()) {
      const made = this.#makeOne(record);
      if (made !== undefined) this.#put({ wait: 'event', made });
      if (isTimeToYield(index)) await yieldToOthers();
    }
    this.#put({ wait: 'end', batch });
  }

  /** Sees to it at once when nothing has to be waited for. */
  #put(waiting: Waiting): void {
    if (this.#draining === undefined && !this.#mustWait(waiting)) {
      this.#see(waiting);
      return;
    }
    this.#queue.push(waiting);
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
    });
  }

  #mustWait(waiting: Waiting): boolean {
    return waiting.wait === 'event' && (hasFollowUps(waiting.made) || this.#isLogFull);
  }

  get #isLogFull(): boolean {
    return this.#parts.sink.pendingBytes > this.#parts.pendingLimit;
  }

  async #drain(): Promise<void> {
    const { sink, log, hasher } = this.#parts;
    for (let seen = 0; this.#queue.length > 0; seen++) {
      if (this.#isLogFull) await sink.flushed();
      const [next] = this.#queue as [Waiting];
      if (next.wait === 'event' && hasFollowUps(next.made)) {
        await followUp(next.made, log, hasher).catch((error: unknown) => this.#failed(error));
      }
      this.#see(next);
      this.#queue.shift();
      if (isTimeToYield(seen)) await yieldToOthers();
    }
  }

  #see(waiting: Waiting): void {
    if (waiting.wait === 'end') {
      this.#end(waiting.batch);
      return;
    }
    try {
      this.#written += this.#write(waiting.made);
    } catch (error) {
      this.#unwritten++;
      this.#failed(error);
    }
  }

  /** Acknowledges a batch when all before it is safe. */
  #end(batch: Batch): void {
    const { records, acknowledge } = batch;
    const { sink, metrics, clock } = this.#parts;
    const [written, unwritten] = [this.#written, this.#unwritten];
    this.#written = this.#unwritten = 0;
    // Not acknowledged: the records stay with the kernel, and the next reader of the ring finds them.
    if (unwritten > 0) {
      this.#unsafe.delete(batch);
      return;
    }
    this.#safe = Promise.all([this.#safe, sink.flushed()])
      .then(() => {
        const now = clock.boot();
        for (const record of records) if (!onlySaysWhatRuns(record)) metrics.delivered(Number(now - record.time) / 1e9);
        this.#waiting -= records.length;
        this.#counts.events += written;
        acknowledge();
      })
      .catch((error: unknown) => this.#failed(error))
      .finally(() => this.#unsafe.delete(batch));
  }

  /** One bad record must not hold up the others. */
  #makeOne(record: KernelRecord): MadeEvent | undefined {
    const { maker, log, metrics } = this.#parts;
    try {
      const made = maker.make(record);
      if (made === undefined) {
        this.#counts.discarded++;
        if (record.verdict !== 'none') metrics.candidateDiscarded();
        return undefined;
      }
      this.#countActions(made);
      return made;
    } catch (error) {
      this.#counts.malformed++;
      metrics.recordMalformed();
      const { cpu, sequence, exec, pid } = record;
      log.error('record-malformed', 'A record could not be made into an event.', {
        error: reasonOf(error),
        record: { cpu, sequence: String(sequence), exec: String(exec), pid },
      });
      return undefined;
    }
  }

  #countActions({ decision }: MadeEvent): void {
    const { metrics } = this.#parts;
    for (const { action, status, scope } of decision.actions) {
      if (scope === undefined) metrics.action(action.action, status);
      else void scope.then((report) => metrics.action(action.action, statusWithScope(status, report)));
    }
  }

  #failed(error: unknown): void {
    this.#parts.log.error('delivery-failed', 'Events could not be delivered.', { error: reasonOf(error) });
  }

  /** The number of events written. */
  #write(made: MadeEvent): 0 | 1 {
    const { log, metrics } = this.#parts;
    metrics.suppressed(made.limited);
    if (made.event === undefined) {
      this.#counts.untold++;
      return 0;
    }
    this.#parts.onEvent(made.event, log.event(made.event));
    metrics.event(made.event.portcullis.stage ?? 'exit', made.decision);
    return 1;
  }
}

function isTimeToYield(index: number): boolean {
  return index % limits.recordsBetweenYields.value === limits.recordsBetweenYields.value - 1;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
