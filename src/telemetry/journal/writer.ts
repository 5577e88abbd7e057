/**
 * The writing end of a journal: segments that are only appended to, the oldest of which go when there are too many bytes. A
 * write that fails leaves no half line behind; where even that cannot be had, the line is closed off at the next opening.
 */
import { limits } from '../limits.js';
import type { JournalFiles, SegmentFacts, SegmentFile } from './files.js';
import { isBefore, type Position } from './position.js';

/**
 * When what was written must survive a loss of power. `batch`: before the kernel forgets the records. `second`: within a
 * second. `never`: when the operating system pleases. A killed agent loses nothing under any of them.
 */
export const syncPolicies = ['batch', 'second', 'never'] as const;
export type SyncPolicy = (typeof syncPolicies)[number];

export interface WriterOptions {
  /** Bytes of all segments together; past them the oldest go. */
  size: number;
  sync: SyncPolicy;
  /** Called with each segment that is about to go. */
  onRemove(segment: SegmentFacts): Promise<void>;
}

const lineBreak = 0x0a;

export class JournalWriter {
  readonly #files: JournalFiles;
  readonly #options: WriterOptions;
  /** Bytes after which the next segment is begun. */
  readonly segmentBytes: number;
  /** In order; the last one is written. */
  #segments: { number: number; size: number }[] = [];
  #file: SegmentFile | undefined;
  #unsynced = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(files: JournalFiles, options: WriterOptions) {
    this.#files = files;
    this.#options = options;
    this.segmentBytes = Math.min(limits.journalSegment.value, Math.floor(options.size / 4));
  }

  get segments(): readonly SegmentFacts[] {
    return this.#segments;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  /** Where the next line will stand. */
  get end(): Position {
    const last = this.#segments.at(-1);
    return last === undefined ? { segment: 0, offset: 0 } : { segment: last.number, offset: last.size };
  }

  /** Opens the newest segment, or makes the first. Rejects with an errno code; the next call tries again. */
  async open(): Promise<void> {
    if (this.#file !== undefined) return;
    await this.#files.prepare();
    const found = (await this.#files.segments()).map((segment) => ({ ...segment }));
    const newest = found.at(-1);
    // Places only grow, even when somebody removed the newest segment or all of them: positions that were handed out stay in order.
    const goesOn = newest !== undefined && !isBefore({ segment: newest.number, offset: newest.size }, this.end);
    const current = goesOn ? newest : { number: this.end.segment + 1, size: 0 };
    const file = await this.#files.openSegment(current.number);
    try {
      if (current.size > 0) await this.#closeOff(current, file);
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
    this.#segments = goesOn ? found : [...found, current];
    this.#file = file;
  }

  /**
   * Whole lines, each with its break. Resolves to where they stand when they are as safe as the policy says. Rejects with an
   * errno code, and then nothing of them is read back, or all of it: the latter when only the sync failed.
   */
  async append(lines: Buffer): Promise<{ from: Position; end: Position }> {
    await this.#leaveRemoved();
    await this.open();
    if (this.#current.size > 0 && this.#current.size + lines.length > this.segmentBytes) await this.#rotate();
    const current = this.#current;
    try {
      await appendAll(this.#file!, lines);
    } catch (error) {
      await this.#takeBack(current);
      throw error;
    }
    const from = this.end;
    current.size += lines.length;
    const end = this.end;
    await this.#secure();
    return { from, end };
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    if (this.#unsynced) await file.sync().catch(() => {});
    this.#unsynced = false;
    await file.close();
  }

  get #current(): { number: number; size: number } {
    return this.#segments.at(-1)!;
  }

  /** A segment that somebody removed takes bytes as ever, and nobody would read them. */
  async #leaveRemoved(): Promise<void> {
    if (this.#file === undefined || (await this.#file.isReachable())) return;
    await this.close().catch(() => {});
  }

  async #rotate(): Promise<void> {
    const next = { number: this.#current.number + 1, size: 0 };
    const fresh = await this.#files.openSegment(next.number);
    await this.close().catch(() => {});
    this.#file = fresh;
    this.#segments.push(next);
    await this.#makeRoom();
  }

  async #makeRoom(): Promise<void> {
    while (this.#segments.length > 1 && this.bytes > this.#options.size - this.segmentBytes) {
      const oldest = this.#segments[0]!;
      await this.#options.onRemove(oldest);
      await this.#files.remove(oldest.number).catch(() => {});
      this.#segments.shift();
    }
  }

  /** A line that a killed agent did not finish gets its break, so that it spoils no other. */
  async #closeOff(segment: { number: number; size: number }, file: SegmentFile): Promise<void> {
    const [last] = await this.#files.read(segment.number, segment.size - 1, 1);
    if (last === lineBreak) return;
    await appendAll(file, Buffer.from('\n'));
    segment.size++;
  }

  /** After a failed write: what it wrote goes again, or the segment is closed off at the next opening. */
  async #takeBack({ size }: SegmentFacts): Promise<void> {
    try {
      await this.#file!.truncate(size);
    } catch {
      const file = this.#file;
      this.#file = undefined;
      await file?.close().catch(() => {});
    }
  }

  async #secure(): Promise<void> {
    switch (this.#options.sync) {
      case 'never':
        return;
      case 'batch':
        return this.#file!.sync();
      case 'second':
        this.#unsynced = true;
        this.#timer ??= setTimeout(() => void this.#syncNow(), limits.journalSync.value).unref();
    }
  }

  async #syncNow(): Promise<void> {
    this.#timer = undefined;
    this.#unsynced = false;
    // A disk that fails here fails at the next write too, which says so.
    await this.#file?.sync().catch(() => {});
  }
}

async function appendAll(file: SegmentFile, bytes: Buffer): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await file.append(rest));
}
