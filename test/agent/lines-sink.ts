import type { LineSink } from '../../src/telemetry/sink.js';

/** Keeps what is logged. */
export class LinesSink implements LineSink {
  readonly entries: Record<string, unknown>[] = [];
  readonly pendingBytes = 0;

  write(line: string): void {
    this.entries.push(JSON.parse(line) as Record<string, unknown>);
  }

  flushed(): Promise<void> {
    return Promise.resolve();
  }
}
