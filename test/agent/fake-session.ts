/** A kernel for tests: keeps the image it is given, hands out the records it is told to, and writes down what happened. */
import type {
  ActivateOptions,
  Activation,
  Executable,
  KernelRecord,
  KernelSession,
  ProgramStatistics,
  ProtectedFile,
  RecordBatch,
  RingStatistics,
  SelfTestResult,
  TakeOver,
  TierChoice,
  Trip,
} from '../../src/kernel/types.js';

/** Calls that can be made to fail. */
type Failing = 'activate' | 'stage' | 'selfTest' | 'release' | 'drain' | 'close' | 'limitTo' | 'trips' | 'counters';

export class FakeSession implements KernelSession {
  readonly bootId = 'fake-boot';
  readonly choice: TierChoice = { tier: 'lsm', cannot: ['It is only a fake.'], refused: [] };
  /** What the agent did, in order. */
  readonly calls: string[] = [];
  /** The image in force. */
  image: Uint8Array | undefined;
  /** The image on trial. */
  shadow: Uint8Array | undefined;
  protected: readonly ProtectedFile[] = [];
  canary: { id: bigint; level: number } | undefined;
  breakerLimit = 0;
  readonly established: Executable[] = [];
  readonly named: Executable[] = [];
  tripped: Trip[] = [];
  generation = 0n;
  /** By rule of the image in force, since when it enforces. */
  since: bigint[] = [];
  /** Processes whose lineage an activation does not know. */
  orphans = 0;
  /** What an earlier agent left. */
  before: TakeOver = { is: 'nothing', halves: 0 };
  /** Thrown by the next call of that name. */
  readonly failures = new Map<Failing, Error>();
  /** What a drain finds. */
  left: KernelRecord[] = [];
  acknowledged = 0;
  #counters: Record<string, bigint> = { exec: 0n, lost_verdict: 0n, lost_report: 0n };
  #onBatch: ((batch: RecordBatch) => void) | undefined;

  async activate(image: Uint8Array, options: ActivateOptions = {}): Promise<Activation> {
    const equal = this.image !== undefined && Buffer.compare(this.image, image) === 0;
    if (options.onEqual === 'keep' && equal) {
      this.#call('keep');
      const { generation, since } = this;
      return { generation, slot: 0, milliseconds: 0, imageBytes: image.length, orphans: 0, since };
    }
    this.#call(`activate ${options.onUnseen}`, 'activate');
    this.image = image;
    this.generation++;
    this.since = [...(options.since ?? [])];
    const { generation, orphans } = this;
    return { generation, slot: 0, milliseconds: 1, imageBytes: image.length, orphans };
  }

  async stage(image: Uint8Array): Promise<Activation> {
    this.#call('stage', 'stage');
    this.shadow = image;
    this.generation++;
    return { generation: this.generation, slot: 1, milliseconds: 1, imageBytes: image.length, orphans: 0 };
  }

  async promote(): Promise<Activation> {
    this.#call('promote');
    this.image = this.shadow;
    this.shadow = undefined;
    const bytes = this.image?.length ?? 0;
    return { generation: this.generation, slot: 1, milliseconds: 1, imageBytes: bytes, orphans: 0 };
  }

  async discard(): Promise<void> {
    this.#call('discard');
    this.shadow = undefined;
  }

  async suspend(): Promise<void> {
    this.#call('suspend');
    this.image = undefined;
  }

  resume(): void {
    this.#call('resume');
  }

  setMode(rule: number, mode: 'monitor' | 'enforce'): void {
    this.#call(`setMode ${rule} ${mode}`);
  }

  protect(files: readonly ProtectedFile[]): void {
    this.protected = files;
  }

  limitTo(cgroup: { id: bigint; level: number } | undefined): void {
    this.#fail('limitTo');
    this.canary = cgroup;
  }

  breakAfter(executables: number): void {
    this.breakerLimit = executables;
  }

  establish(executables: readonly Executable[], named: readonly Executable[] = []): void {
    this.established.push(...executables);
    this.named.push(...named);
  }

  trips(): Trip[] {
    this.#fail('trips');
    return this.tripped;
  }

  takeOver(): TakeOver {
    return this.before;
  }

  async leave(): Promise<void> {
    this.#call('leave');
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
    this.#fail('counters');
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
    this.#call('close', 'close');
  }

  #call(line: string, name?: Failing): void {
    this.calls.push(line);
    this.#fail(name);
  }

  #fail(name: Failing | undefined): void {
    const failure = name && this.failures.get(name);
    if (failure === undefined) return;
    this.failures.delete(name!);
    throw failure;
  }
}
