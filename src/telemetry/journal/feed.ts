/**
 * The reading end of a journal inside the agent: brings every line to the log, in order, and notes how far the log has taken
 * them. A log that accepts nothing holds up this and nothing else.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { limits } from '../limits.js';
import type { LineSink } from '../sink.js';
import { type Block, readBlock } from './block.js';
import { writeCursor } from './cursor.js';
import { errorCode, type JournalFiles, type SegmentFacts } from './files.js';
import { isBefore, type Position } from './position.js';

export interface FeedCounts {
  /** Lines that went, or could not be read, before the log took them. */
  overtaken: number;
  /** Lines that were cut off or altered. */
  damaged: number;
}

/** Lines that were just written, so that they need not be read. */
interface Fresh {
  readonly from: Position;
  readonly end: Position;
  readonly lines: readonly string[];
}

/** Lines that the log never gets. */
export type FeedLoss =
  | { change: 'overtaken'; lines: number }
  /** Nobody can count what cannot be read: `lines` is what so many bytes hold on average. */
  | { change: 'unreadable'; code: string; segment: number; bytes: number; lines: number };

/** Of a line that nobody has seen, where none has been seen yet. */
const usualLine = 1_024;

export class JournalFeed {
  readonly #files: JournalFiles;
  readonly #log: LineSink;
  readonly #onLoss: (loss: FeedLoss) => void;
  readonly #ending = new AbortController();
  readonly #counts: FeedCounts = { overtaken: 0, damaged: 0 };
  /** The log has taken everything before. */
  #position: Position;
  /** What is before was handed to the log. */
  #handed: Position;
  #end: Position;
  /** Bytes of the segments that are not behind the position. */
  readonly #sizes: Map<number, number>;
  /** A segment in which something could not be read for as long as patience goes: it goes only once. */
  #hopeless: number | undefined;
  /** What was brought to the log, to know how long a line is. */
  readonly #brought = { lines: 0, bytes: 0 };
  #fresh: Fresh[] = [];
  #running: Promise<void> | undefined;
  #progressAt = performance.now();
  #onProgress: () => void = () => {};

  constructor(
    files: JournalFiles,
    log: LineSink,
    at: { position: Position; end: Position; segments: readonly SegmentFacts[] },
    onLoss: (loss: FeedLoss) => void,
  ) {
    this.#files = files;
    this.#log = log;
    this.#position = at.position;
    this.#handed = at.position;
    this.#end = at.end;
    this.#sizes = new Map(at.segments.map(({ number, size }) => [number, size]));
    this.#onLoss = onLoss;
    this.#go();
  }

  get counts(): Readonly<FeedCounts> {
    return this.#counts;
  }

  get position(): Position {
    return this.#position;
  }

  /** Lines that the journal has taken. */
  offer(fresh: Fresh): void {
    this.#end = fresh.end;
    this.#sizes.set(fresh.end.segment, fresh.end.offset);
    this.#fresh.push(fresh);
    const kept = this.#fresh.reduce((sum, { from, end }) => sum + Math.max(0, end.offset - from.offset), 0);
    if (kept > limits.journalFresh.value) this.#fresh = [];
    this.#go();
  }

  /** A segment is about to go: a log that moves gets time to take it, and what it does not take is counted. */
  async leave({ number }: SegmentFacts): Promise<void> {
    while (this.#position.segment <= number && (await this.#progress()) === 'made');
    if (this.#position.segment > number) return;
    const from = this.#handed.segment === number ? this.#handed.offset : 0;
    const lines = this.#handed.segment > number ? 0 : await this.#count(number, from);
    this.#position = { segment: number + 1, offset: 0 };
    if (lines > 0) this.#lose({ change: 'overtaken', lines });
  }

  /** Resolves when the log has taken everything so far, or after `end`. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Brings nothing more. */
  end(): void {
    this.#ending.abort();
  }

  #go(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (!this.#ending.signal.aborted && isBefore(this.#position, this.#end)) this.#go();
    });
  }

  async #run(): Promise<void> {
    while (!this.#ending.signal.aborted && isBefore(this.#position, this.#end)) {
      const at = this.#position;
      const { lines, next } = await this.#next(at);
      for (const line of lines) this.#log.write(`${line}\n`);
      this.#handed = next;
      this.#learn(lines, at, next);
      await this.#log.flushed();
      // The segment may have gone meanwhile, and the position with it.
      if (this.#position === at) this.#position = next;
      this.#progressAt = performance.now();
      this.#onProgress();
      // Without the note the log gets these lines again after a restart.
      await writeCursor(this.#files, this.#position).catch(() => {});
    }
  }

  /** Waits for the log to take something, as long as patience goes. */
  async #progress(): Promise<'made' | 'none'> {
    const before = this.#position;
    const left = this.#progressAt + limits.journalPatience.value - performance.now();
    if (left <= 0 || this.#running === undefined) return 'none';
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, left);
      this.#onProgress = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return this.#position === before ? 'none' : 'made';
  }

  async #next(at: Position): Promise<{ lines: readonly string[]; next: Position }> {
    while (this.#fresh[0] !== undefined && isBefore(this.#fresh[0].from, at)) this.#fresh.shift();
    const fresh = this.#fresh[0];
    if (fresh?.from.segment === at.segment && fresh.from.offset === at.offset) {
      this.#fresh.shift();
      return { lines: fresh.lines, next: fresh.end };
    }
    const inLast = at.segment === this.#end.segment;
    const block = await this.#readPatiently(at, inLast ? this.#end.offset : undefined);
    // It has gone meanwhile, or all ends.
    if (block === 'overtaken') return { lines: [], next: at };
    if ('code' in block) return { lines: [], next: this.#passOver(at, block.code) };
    this.#counts.damaged += block.damaged;
    if (block.next > at.offset) return { lines: block.lines, next: { segment: at.segment, offset: block.next } };
    // Nothing more is to be had here; in the last segment that means that its bytes are gone.
    return { lines: [], next: inLast ? this.#end : { segment: at.segment + 1, offset: 0 } };
  }

  /** A disk that fails once, or a process that has too many files open, costs no lines. */
  async #readPatiently(at: Position, end?: number): Promise<Block | { code: string } | 'overtaken'> {
    const { signal } = this.#ending;
    const from = performance.now();
    for (;;) {
      const block = await this.#read(at.segment, at.offset, end);
      if (!('code' in block)) return block;
      if (this.#position !== at || signal.aborted) return 'overtaken';
      if (block.code === 'ENOENT' || at.segment === this.#hopeless) return block;
      if (performance.now() - from >= limits.journalPatience.value) {
        this.#hopeless = at.segment;
        return block;
      }
      await pause(limits.journalRetry.value, undefined, { signal }).catch(() => {});
    }
  }

  /** Behind as many bytes as are read at one time, or behind a segment that is gone. What is lost is counted and said. */
  #passOver({ segment, offset }: Position, code: string): Position {
    const size = this.#sizes.get(segment) ?? offset;
    const behind = code === 'ENOENT' ? size : Math.min(size, offset + limits.journalRead.value);
    const bytes = behind - offset;
    if (bytes > 0) this.#lose({ change: 'unreadable', code, segment, bytes, lines: this.#linesIn(bytes) });
    if (behind < size) return { segment, offset: behind };
    return segment === this.#end.segment ? this.#end : { segment: segment + 1, offset: 0 };
  }

  async #count(segment: number, from: number): Promise<number> {
    let lines = 0;
    for (let offset = from; ; ) {
      const block = await this.#read(segment, offset);
      if ('code' in block) return lines + this.#linesIn(Math.max(0, (this.#sizes.get(segment) ?? offset) - offset));
      if (block.next === offset) return lines;
      lines += block.lines.length;
      offset = block.next;
    }
  }

  async #read(segment: number, offset: number, end?: number): Promise<Block | { code: string }> {
    try {
      return await readBlock(this.#files, segment, offset, end);
    } catch (error) {
      return { code: errorCode(error) };
    }
  }

  #lose(loss: FeedLoss): void {
    this.#counts.overtaken += loss.lines;
    this.#onLoss(loss);
  }

  #learn(lines: readonly string[], at: Position, next: Position): void {
    if (lines.length > 0 && next.segment === at.segment) {
      this.#brought.bytes += next.offset - at.offset;
      this.#brought.lines += lines.length;
    }
    for (const number of this.#sizes.keys()) if (number < next.segment) this.#sizes.delete(number);
  }

  #linesIn(bytes: number): number {
    const { lines, bytes: all } = this.#brought;
    return Math.ceil(bytes / (lines === 0 ? usualLine : all / lines));
  }
}
