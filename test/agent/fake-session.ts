/** A kernel for tests: keeps the image it is given, hands out the records it is told to, and writes down what happened. */
import type {
  Activation,
  KernelRecord,
  KernelSession,
  ProgramStatistics,
  RecordBatch,
  RingStatistics,
  SelfTestResult,
  TierChoice,
} from '../../src/kernel/types.js';

export class FakeSession implements KernelSession {
  readonly bootId = 'fake-boot';
  readonly choice: TierChoice = { tier: 'lsm', cannot: ['It is only a fake.'], refused: [] };
  /** What the agent did, in order. */
  readonly calls: string[] = [];
  /** The image in force. */
  image: Uint8Array | undefined;
  generation = 0n;
  /** Thrown by the next call of that name. */
  readonly failures = new Map<'activate' | 'selfTest' | 'release' | 'drain', Error>();
  /** What a drain finds. */
  left: KernelRecord[] = [];
  acknowledged = 0;
  #counters: Record<string, bigint> = { exec: 0n, lost_verdict: 0n, lost_report: 0n };
  #onBatch: ((batch: RecordBatch) => void) | undefined;

  async activate(image: Uint8Array, options?: { onUnseen?: 'report' | 'enforce' }): Promise<Activation> {
    this.#call(`activate ${options?.onUnseen}`, 'activate');
    this.image = image;
    this.generation++;
    return { generation: this.generation, slot: 0, milliseconds: 1, imageBytes: image.length };
  }

  async release(): Promise<void> {
    this.#call('release', 'release');
    this.image = undefined;
  }

  async selfTest(): Promise<SelfTestResult> {
    this.#call('selfTest', 'selfTest');
    return { milliseconds: 1, outcome: 'refused' };
  }

  start(onBatch: (batch: RecordBatch) => void): void {
    this.#call('start');
    this.#onBatch = onBatch;
  }

  /** Hands out a batch, as the ring's thread would. */
  send(...records: KernelRecord[]): void {
    this.#onBatch!({
      ring: 'verdicts',
      records: records.map((record) => ({ ...record, generation: this.generation })),
      acknowledge: () => {
        this.acknowledged += records.length;
      },
    });
  }

  async drain(): Promise<KernelRecord[]> {
    this.#call('drain', 'drain');
    return this.left.splice(0);
  }

  count(counters: Record<string, bigint>): void {
    this.#counters = { ...this.#counters, ...counters };
  }

  counters(): Record<string, bigint> {
    return this.#counters;
  }

  programs(): ProgramStatistics[] {
    const name = 'refuse';
    return [{ name, runTimeNs: 1_500_000_000n, runCount: 3n, recursionMisses: 0n, verifiedInstructions: 900 }];
  }

  rings(): RingStatistics[] {
    return [{ name: 'verdicts', size: 4096, produced: 100n, consumed: 60n }];
  }

  memory(): { name: string; bytes: number }[] {
    return [{ name: 'images', bytes: 4096 }];
  }

  async close(): Promise<void> {
    this.#call('close');
  }

  #call(line: string, name?: 'activate' | 'selfTest' | 'release' | 'drain'): void {
    this.calls.push(line);
    const failure = name && this.failures.get(name);
    if (failure === undefined) return;
    this.failures.delete(name!);
    throw failure;
  }
}
