/**
 * The journal between the kernel's ring and the log. It takes event lines as a log would; they are safe when they are on disk,
 * and the log gets them from there. While it cannot be written to, lines go to the log at once and are counted: a full disk
 * costs the journal, never the agent.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { limits } from '../limits.js';
import type { LineSink } from '../sink.js';
import { readCursor } from './cursor.js';
import { type FeedLoss, JournalFeed } from './feed.js';
import { errorCode, type JournalFiles, type SegmentFacts } from './files.js';
import { encodeLine } from './line.js';
import { isBefore, type Position } from './position.js';
import { JournalWriter, type SyncPolicy } from './writer.js';

export interface JournalOptions {
  /** Bytes on the disk at most. */
  size: number;
  sync: SyncPolicy;
  onChange(change: JournalChange): void;
}

/** What a person should hear of. */
export type JournalChange =
  | { change: 'failed'; code: string; message: string }
  /** It takes lines again; `lines` did not get into it. */
  | { change: 'recovered'; lines: number }
  /** Lines of an agent that ended before the log took them. */
  | { change: 'resumed'; segment: number; offset: number }
  /** It ran full of lines that the log did not take, or could not read them back, and lost them. */
  | FeedLoss;

export interface JournalCounts {
  /** Writes that failed. */
  failures: number;
  /** Lines that went to the log alone, because the journal could not be written to. */
  unwritten: number;
  /** Lines that had to go, or could not be read back, before the log took them. */
  overtaken: number;
  /** Lines found cut off or altered. */
  damaged: number;
  /** Bytes on the disk. */
  bytes: number;
  /** Those of them that the log has not taken. */
  undelivered: number;
  segments: number;
}

export class Journal implements LineSink {
  readonly #files: JournalFiles;
  readonly #log: LineSink;
  readonly #options: JournalOptions;
  readonly #writer: JournalWriter;
  #feed: JournalFeed | undefined;
  #opening: Promise<JournalFeed> | undefined;
  #queue: string[] = [];
  #pending = 0;
  #running: Promise<void> | undefined;
  #failures = 0;
  #unwritten = 0;
  /** Since when it fails, what could not be written since, and when the last attempt was. */
  #failing: { unwritten: number; triedAt: number } | undefined;

  constructor(files: JournalFiles, log: LineSink, options: JournalOptions) {
    this.#files = files;
    this.#log = log;
    this.#options = options;
    this.#writer = new JournalWriter(files, {
      size: options.size,
      sync: options.sync,
      onRemove: (segment: SegmentFacts) => this.#feed?.leave(segment) ?? Promise.resolve(),
    });
  }

  /** Opens it, and brings to the log what an earlier agent left. Never rejects: a journal that fails says so and tries again. */
  async open(): Promise<void> {
    try {
      await this.#opened();
    } catch (error) {
      this.#fail(error, 0);
    }
  }

  get counts(): Readonly<JournalCounts> {
    const { overtaken, damaged } = this.#feed?.counts ?? { overtaken: 0, damaged: 0 };
    const { bytes, segments } = this.#writer;
    return {
      failures: this.#failures,
      unwritten: this.#unwritten,
      overtaken,
      damaged,
      bytes,
      undelivered: bytesAfter(this.#feed?.position ?? this.#writer.end, segments),
      segments: segments.length,
    };
  }

  get pendingBytes(): number {
    return this.#pending;
  }

  write(line: string): void {
    const text = line.endsWith('\n') ? line.slice(0, -1) : line;
    this.#queue.push(text);
    this.#pending += text.length;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when what was written so far is in the journal, or, where that fails, in the log. */
  async flushed(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Resolves when the log has taken everything that is in the journal. */
  async delivered(): Promise<void> {
    await this.flushed();
    await this.#feed?.idle();
  }

  /** Writes nothing more, and delivers nothing more: the next agent does. */
  async close(): Promise<void> {
    this.#feed?.end();
    await this.#writer.close().catch(() => {});
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // Lines come one by one; what comes in one turn of the event loop is written in one go.
      await turn();
      const lines = this.#queue.splice(0);
      await this.#store(lines);
      this.#pending -= lines.reduce((sum, { length }) => sum + length, 0);
    }
  }

  async #store(lines: readonly string[]): Promise<void> {
    let stored = 0;
    if (!this.#isResting()) {
      try {
        const feed = await this.#opened();
        for (const piece of this.#pieces(lines)) {
          feed.offer({ lines: piece.lines, ...(await this.#writer.append(Buffer.concat(piece.encoded))) });
          stored += piece.lines.length;
        }
        this.#recover();
        return;
      } catch (error) {
        this.#fail(error, lines.length - stored);
      }
    } else {
      this.#failing!.unwritten += lines.length;
    }
    this.#unwritten += lines.length - stored;
    for (const line of lines.slice(stored)) this.#log.write(`${line}\n`);
    await this.#log.flushed();
  }

  /** No more at one time than a segment takes, or one longer line: that is the room that is always kept. */
  *#pieces(lines: readonly string[]): Generator<{ lines: string[]; encoded: Buffer[] }> {
    let piece: { lines: string[]; encoded: Buffer[] } = { lines: [], encoded: [] };
    let bytes = 0;
    for (const line of lines) {
      const encoded = encodeLine(line);
      if (piece.lines.length > 0 && bytes + encoded.length > this.#writer.segmentBytes) {
        yield piece;
        piece = { lines: [], encoded: [] };
        bytes = 0;
      }
      piece.lines.push(line);
      piece.encoded.push(encoded);
      bytes += encoded.length;
    }
    if (piece.lines.length > 0) yield piece;
  }

  /** One opening at a time: the first line may come while the agent still opens it. */
  #opened(): Promise<JournalFeed> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<JournalFeed> {
    await this.#writer.open();
    if (this.#feed !== undefined) return this.#feed;
    const { end, segments } = this.#writer;
    const position = begin(await readCursor(this.#files), segments, end);
    if (isBefore(position, end)) this.#options.onChange({ change: 'resumed', ...position });
    this.#feed = new JournalFeed(this.#files, this.#log, { position, end, segments }, this.#options.onChange);
    return this.#feed;
  }

  /** True while a failure is too young for another attempt. */
  #isResting(): boolean {
    return this.#failing !== undefined && performance.now() - this.#failing.triedAt < limits.journalRetry.value;
  }

  #fail(error: unknown, lines: number): void {
    this.#failures++;
    const first = this.#failing === undefined;
    this.#failing = { unwritten: (this.#failing?.unwritten ?? 0) + lines, triedAt: performance.now() };
    if (!first) return;
    const message = error instanceof Error ? error.message : String(error);
    this.#options.onChange({ change: 'failed', code: errorCode(error), message });
  }

  #recover(): void {
    if (this.#failing === undefined) return;
    const { unwritten } = this.#failing;
    this.#failing = undefined;
    this.#options.onChange({ change: 'recovered', lines: unwritten });
  }
}

function bytesAfter({ segment, offset }: Position, segments: readonly SegmentFacts[]): number {
  return segments
    .filter(({ number }) => number >= segment)
    .reduce((sum, { number, size }) => sum + (number === segment ? size - offset : size), 0);
}

/** Where the log goes on: at the cursor, or, when that is not known, at the oldest line there is. */
function begin(cursor: Position | undefined, segments: readonly SegmentFacts[], end: Position): Position {
  const oldest = { segment: segments[0]?.number ?? end.segment, offset: 0 };
  const known = cursor ?? oldest;
  if (isBefore(known, oldest)) return oldest;
  // Past the end: another journal was put in its place.
  return isBefore(end, known) ? end : known;
}
