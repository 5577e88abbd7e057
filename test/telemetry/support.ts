import type { LineSink } from '../../src/telemetry/sink.js';

/** A sink that keeps its lines, and accepts them only when told to. */
export class HeldSink implements LineSink {
  readonly lines: string[] = [];
  #waiters: (() => void)[] = [];
  #held: 'open' | 'held';

  constructor(state: 'open' | 'held' = 'open') {
    this.#held = state;
  }

  get pendingBytes(): number {
    return this.#held === 'open' ? 0 : this.lines.join('').length;
  }

  write(line: string): void {
    this.lines.push(line);
  }

  flushed(): Promise<void> {
    if (this.#held === 'open') return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  accept(): void {
    this.#held = 'open';
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** Every line as JSON. */
  get entries(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  codes(): unknown[] {
    return this.entries.map(({ msg }) => msg);
  }
}
