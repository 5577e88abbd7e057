/** What a journal needs of a file system; tests give one that fails. */
import { mkdir, open, readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { segmentName, segmentNumber } from './position.js';

/** A segment that is written. */
export interface SegmentFile {
  /** Bytes written at the end, possibly fewer than given. */
  append(bytes: Buffer): Promise<number>;
  truncate(size: number): Promise<void>;
  /** False when the file has no name any more. */
  isReachable(): Promise<boolean>;
  /** Resolves when what was written would survive a loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface SegmentFacts {
  readonly number: number;
  /** Bytes. */
  readonly size: number;
}

export interface JournalFiles {
  /** Segments in order. Rejects with ENOENT when there is no directory. */
  segments(): Promise<SegmentFacts[]>;
  /** Makes the directory, for its owner alone, when it is missing. */
  prepare(): Promise<void>;
  /** Opens a segment for appending, and makes it when it is missing. */
  openSegment(number: number): Promise<SegmentFile>;
  /** At most `length` bytes from `offset`; fewer at the end. Rejects with ENOENT for a segment that is gone. */
  read(number: number, offset: number, length: number): Promise<Buffer>;
  remove(number: number): Promise<void>;
  /** A small file beside the segments; undefined when there is none. */
  readNote(name: string): Promise<string | undefined>;
  /** Writes it whole or not at all, as far as other processes see. */
  writeNote(name: string, text: string): Promise<void>;
}

/** The real ones, under a directory. */
export class JournalDirectory implements JournalFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async segments(): Promise<SegmentFacts[]> {
    const numbers = (await readdir(this.#directory)).map(segmentNumber).filter((number) => number !== undefined);
    const found: SegmentFacts[] = [];
    for (const number of numbers.sort((one, other) => one - other)) {
      // One that was removed meanwhile is none.
      const facts = await stat(this.#path(number)).catch(() => undefined);
      if (facts !== undefined) found.push({ number, size: facts.size });
    }
    return found;
  }

  async prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
  }

  async openSegment(number: number): Promise<SegmentFile> {
    const handle = await open(this.#path(number), 'a', 0o600);
    return {
      append: async (bytes) => (await handle.write(bytes, 0, bytes.length)).bytesWritten,
      truncate: (size) => handle.truncate(size),
      isReachable: async () => (await handle.stat()).nlink > 0,
      sync: () => handle.datasync(),
      close: () => handle.close(),
    };
  }

  async read(number: number, offset: number, length: number): Promise<Buffer> {
    const handle = await open(this.#path(number), 'r');
    try {
      const bytes = Buffer.allocUnsafe(length);
      const { bytesRead } = await handle.read(bytes, 0, length, offset);
      return bytes.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  remove(number: number): Promise<void> {
    return unlink(this.#path(number));
  }

  async readNote(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#directory, name), 'utf8');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async writeNote(name: string, text: string): Promise<void> {
    const path = join(this.#directory, name);
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  #path(number: number): string {
    return join(this.#directory, segmentName(number));
  }
}

/** The errno name of a failed call. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
