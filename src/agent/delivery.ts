/**
 * Records on their way to the log. One batch after another: its events are made, which decides and kills where user space
 * does that; they are written, the log accepts them, and only then does the kernel learn that it may forget the records.
 * Making does not wait for the log, so a slow one delays no kill; since the kernel hands out only a few batches at a time, a
 * log that accepts nothing fills the kernel's ring and not our memory. A record that is delivered twice has the same
 * `portcullis.record`.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { AlignedClock } from '../events/clock.js';
import { statusWithScope } from '../events/decision.js';
import type { EventJson } from '../events/event.js';
import type { EventMaker, MadeEvent } from '../events/maker.js';
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

export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #counts: DeliveryCounts = { records: 0, events: 0, discarded: 0, untold: 0, malformed: 0 };
  /** Ends when all events so far are made. */
  #made: Promise<unknown> = Promise.resolve();
  /** Ends when they are safe. */
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

  /** Writes an event that no record stands behind, after all that came before. */
  acceptMade(made: MadeEvent): void {
    this.#countActions(made);
    this.#tail = this.#tail.then(() => this.#deliver([], [made])).catch((error: unknown) => this.#failed(error));
  }

  /** Resolves when everything accepted so far is safe. */
  idle(): Promise<void> {
    return this.#tail;
  }

  #enqueue(records: readonly KernelRecord[], acknowledge: () => void): void {
    this.#waiting += records.length;
    this.#counts.records += records.length;
    const made = this.#made.then(() => this.#make(records));
    this.#made = made.catch(() => {});
    this.#tail = Promise.all([made, this.#tail])
      .then(([events]) => this.#deliver(records, events))
      .then(acknowledge)
      // Not acknowledged: the records stay with the kernel, and the next reader of the ring finds them.
      .catch((error: unknown) => this.#failed(error));
  }

  async #make(records: readonly KernelRecord[]): Promise<MadeEvent[]> {
    await this.#parts.maker.beginBatch();
    const events: MadeEvent[] = [];
    for (const [index, record] of records.entries()) {
      const made = this.#makeOne(record);
      if (made !== undefined) events.push(made);
      if (isTimeToYield(index)) await yieldToOthers();
    }
    return events;
  }

  async #deliver(records: readonly KernelRecord[], events: readonly MadeEvent[]): Promise<void> {
    const { sink, metrics, clock, pendingLimit } = this.#parts;
    let written = 0;
    for (const [index, made] of events.entries()) {
      if (hasFollowUps(made)) await followUp(made, this.#parts.log, this.#parts.hasher);
      written += this.#write(made);
      if (sink.pendingBytes > pendingLimit) await sink.flushed();
      else if (isTimeToYield(index)) await yieldToOthers();
    }
    await sink.flushed();
    const now = clock.boot();
    for (const record of records) metrics.delivered(Number(now - record.time) / 1e9);
    this.#waiting -= records.length;
    this.#counts.events += written;
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
