/** Journals for tests: in a directory of their own, and over a file system that can be told to fail. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JournalDirectory, type JournalFiles, type SegmentFile } from '../../../src/telemetry/journal/files.js';
import { Journal, type JournalChange, type JournalOptions } from '../../../src/telemetry/journal/journal.js';
import { decodeLine } from '../../../src/telemetry/journal/line.js';
import type { LineSink } from '../../../src/telemetry/sink.js';
import { HeldSink } from '../support.js';

export function errno(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/** The real directory, some of whose calls fail while they are named here. */
export class FaultyFiles implements JournalFiles {
  readonly faults = new Map<'prepare' | 'openSegment' | 'append' | 'truncate' | 'sync' | 'read', string>();
  /** Bytes that still fit; a write past it is short, the next one fails with ENOSPC. */
  room = Number.POSITIVE_INFINITY;
  syncs = 0;
  readonly #real: JournalDirectory;

  constructor(directory: string) {
    this.#real = new JournalDirectory(directory);
  }

  segments() {
    return this.#real.segments();
  }

  async prepare() {
    this.#fail('prepare');
    return this.#real.prepare();
  }

  async openSegment(number: number): Promise<SegmentFile> {
    this.#fail('openSegment');
    const file = await this.#real.openSegment(number);
    return {
      append: async (bytes) => {
        this.#fail('append');
        if (this.room === 0) throw errno('ENOSPC');
        const written = await file.append(bytes.subarray(0, Math.min(bytes.length, this.room)));
        this.room -= written;
        return written;
      },
      truncate: async (size) => {
        this.#fail('truncate');
        return file.truncate(size);
      },
      isReachable: () => file.isReachable(),
      sync: async () => {
        this.#fail('sync');
        this.syncs++;
        return file.sync();
      },
      close: () => file.close(),
    };
  }

  async read(number: number, offset: number, length: number) {
    this.#fail('read');
    return this.#real.read(number, offset, length);
  }

  remove(number: number) {
    return this.#real.remove(number);
  }

  readNote(name: string) {
    return this.#real.readNote(name);
  }

  writeNote(name: string, text: string) {
    return this.#real.writeNote(name, text);
  }

  #fail(call: Parameters<typeof this.faults.get>[0]): void {
    const code = this.faults.get(call);
    if (code !== undefined) throw errno(code);
  }
}

/** A directory, and journals over it: as many agents, one after another. */
export class JournalBench {
  readonly directory = mkdtempSync(join(tmpdir(), 'portcullis-journal-'));
  readonly files = new FaultyFiles(this.directory);
  readonly changes: JournalChange[] = [];
  readonly #open: Journal[] = [];

  async agent(log: LineSink = new HeldSink(), options: Partial<JournalOptions> = {}): Promise<Journal> {
    const journal = new Journal(this.files, log, {
      size: 1_000_000,
      sync: 'second',
      onChange: (change) => this.changes.push(change),
      ...options,
    });
    this.#open.push(journal);
    await journal.open();
    return journal;
  }

  get segments(): string[] {
    return readdirSync(this.directory)
      .filter((name) => name.endsWith('.journal'))
      .sort();
  }

  /** Whole lines on the disk, in order. */
  get kept(): string[] {
    const lines = this.segments.flatMap((name) => splitLines(readFileSync(join(this.directory, name))));
    return lines.map(decodeLine).filter((text) => text !== undefined);
  }

  async dispose(): Promise<void> {
    for (const journal of this.#open) await journal.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function splitLines(bytes: Buffer): Buffer[] {
  return bytes
    .toString('latin1')
    .split('\n')
    .slice(0, -1)
    .map((line) => Buffer.from(line, 'latin1'));
}

/** An event line as the log writes it, without its break. */
export function eventLine(record: number, time = new Date(record * 1000).toISOString(), more = ''): string {
  return JSON.stringify({ level: 'info', time, more, portcullis: { record: `boot-${record}` }, msg: 'event' });
}

export const recordsOf = (lines: readonly string[]) =>
  lines.map((line) => (JSON.parse(line) as { portcullis: { record: string } }).portcullis.record);
