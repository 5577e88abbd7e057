/**
 * The reading end of a journal inside the agent: brings every line to the log, in order, and notes how far the log has taken
 * them. A log that accepts nothing holds up this and nothing else.
 */
import { limits } from '../limits.js';
import type { LineSink } from '../sink.js';
import { type Block, readBlock } from './block.js';
import { writeCursor } from './cursor.js';
import { errorCode, type JournalFiles, type SegmentFacts } from './files.js';
import { isBefore, type Position } from './position.js';

export interface FeedCounts {
  /** Lines that went before the log took them. */
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

export class JournalFeed {
  readonly #files: JournalFiles;
  readonly #log: LineSink;
  readonly #onOvertaken: (lines: number) => void;
  readonly #counts: FeedCounts = { overtaken: 0, damaged: 0 };
  /** The log has taken everything before. */
  #position: Position;
  /** What is before was handed to the log. */
  #handed: Position;
  #end: Position;
  #fresh: Fresh[] = [];
  #running: Promise<void> | undefined;
  #ended = false;
  #progressAt = performance.now();
  #onProgress: () => void = () => {};

  constructor(
    files: JournalFiles,
    log: LineSink,
    at: { position: Position; end: Position },
    onOvertaken: (lines: number) => void,
  ) {
    this.#files = files;
    this.#log = log;
    this.#position = at.position;
    this.#handed = at.position;
    this.#end = at.end;
    this.#onOvertaken = onOvertaken;
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
    if (lines === 0) return;
    this.#counts.overtaken += lines;
    this.#onOvertaken(lines);
  }

  /** Resolves when the log has taken everything so far, or after `end`. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Brings nothing more. */
  end(): void {
    this.#ended = true;
  }

  #go(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (!this.#ended && isBefore(this.#position, this.#end)) this.#go();
    });
  }

  async #run(): Promise<void> {
    while (!this.#ended && isBefore(this.#position, this.#end)) {
      const at = this.#position;
      const { lines, next } = await this.#next(at);
      for (const line of lines) this.#log.write(`${line}\n`);
      this.#handed = next;
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
    const block = await this.#read(at.segment, at.offset, inLast ? this.#end.offset : undefined);
    this.#counts.damaged += block?.damaged ?? 0;
    if (block !== undefined && block.next > at.offset)
      return { lines: block.lines, next: { segment: at.segment, offset: block.next } };
    // Nothing more is to be had here; in the last segment that means that its bytes are gone.
    return { lines: [], next: inLast ? this.#end : { segment: at.segment + 1, offset: 0 } };
  }

  async #count(segment: number, from: number): Promise<number> {
    let lines = 0;
    for (let offset = from; ; ) {
      const block = await this.#read(segment, offset);
      if (block === undefined || block.next === offset) return lines;
      lines += block.lines.length;
      offset = block.next;
    }
  }

  /** Undefined: the segment cannot be read. */
  async #read(segment: number, offset: number, end?: number): Promise<Block | undefined> {
    try {
      return await readBlock(this.#files, segment, offset, end);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') this.#counts.damaged++;
      return undefined;
    }
  }
}
