/** The journal for those who read it while the agent writes on, or while there is no agent: `portcullis events` and the like. */
import { type FSWatcher, watch } from 'node:fs';
import { limits } from '../limits.js';
import { readBlock } from './block.js';
import { errorCode, JournalDirectory, type JournalFiles } from './files.js';

export interface ReadOptions {
  directory: string;
  /** Only lines whose own time is not before; clocks may have jumped, so all lines are looked at. */
  since?: Date | undefined;
  /** Goes on with what is written from now on, until this is aborted. Without it: to the present end. */
  follow?: AbortSignal | undefined;
}

/** One line: an event, or what the action `log` of a rule said. */
export type JournalLine = Readonly<Record<string, unknown>> & { readonly time: string; readonly msg: string };

export interface ReadCounts {
  /** Lines that were cut off or altered. */
  damaged: number;
  /** Events that had been shown already: delivery is at least once. */
  folded: number;
  /** Segments that went while they were read. */
  gone: number;
}

/** Milliseconds after which a follower looks again even if nobody told it to. */
const lookAgain = 1_000;

export class JournalReader implements AsyncIterable<JournalLine> {
  readonly #files: JournalFiles;
  readonly #options: ReadOptions;
  readonly #counts: ReadCounts = { damaged: 0, folded: 0, gone: 0 };
  readonly #seen = new Set<string>();

  constructor(options: ReadOptions, files: JournalFiles = new JournalDirectory(options.directory)) {
    this.#options = options;
    this.#files = files;
  }

  /** Of what was read so far. */
  get counts(): Readonly<ReadCounts> {
    return this.#counts;
  }

  /** Every line once, in the order of writing. Throws with an errno code when there is no journal or it may not be read. */
  async *[Symbol.asyncIterator](): AsyncGenerator<JournalLine> {
    const { follow, directory } = this.#options;
    const news = follow === undefined ? undefined : new News(directory, follow);
    try {
      let segment = 0;
      let offset = 0;
      for (;;) {
        const found = await this.#files.segments();
        for (const { number } of found.filter((other) => other.number >= segment)) {
          if (number !== segment) {
            segment = number;
            offset = 0;
          }
          for (let next = offset; ; offset = next) {
            const block = await this.#read(number, offset);
            if (block === undefined) break;
            yield* this.#shown(block.lines);
            next = block.next;
            if (next === offset) break;
          }
        }
        if (news === undefined || follow?.aborted) return;
        await news.wait();
        if (follow?.aborted) return;
      }
    } finally {
      news?.end();
    }
  }

  async #read(number: number, offset: number) {
    try {
      const block = await readBlock(this.#files, number, offset);
      this.#counts.damaged += block.damaged;
      return block;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      this.#counts.gone++;
      return undefined;
    }
  }

  *#shown(texts: readonly string[]): Generator<JournalLine> {
    for (const text of texts) {
      const line = parsed(text);
      if (line === undefined) this.#counts.damaged++;
      else if (this.#isTooOld(line)) continue;
      else if (this.#isKnown(line)) this.#counts.folded++;
      else yield line;
    }
  }

  #isTooOld({ time }: JournalLine): boolean {
    const { since } = this.#options;
    return since !== undefined && Date.parse(time) < since.getTime();
  }

  #isKnown({ portcullis }: JournalLine): boolean {
    const id = recordOf(portcullis);
    if (id === undefined) return false;
    if (this.#seen.has(id)) return true;
    this.#seen.add(id);
    if (this.#seen.size > limits.foldedRecords.value) {
      const [oldest] = this.#seen;
      this.#seen.delete(oldest!);
    }
    return false;
  }
}

/** Lines of a journal, each once. */
export function readJournal(options: ReadOptions): JournalReader {
  return new JournalReader(options);
}

function parsed(text: string): JournalLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    const isLine = typeof line === 'object' && line !== null && 'time' in line && 'msg' in line;
    return isLine ? (line as JournalLine) : undefined;
  } catch {
    return undefined;
  }
}

function recordOf(portcullis: unknown): string | undefined {
  if (typeof portcullis !== 'object' || portcullis === null || !('record' in portcullis)) return undefined;
  return typeof portcullis.record === 'string' ? portcullis.record : undefined;
}

/** Tells that something may have been written: by the kernel where it can, and after a second in any case. */
class News {
  readonly #signal: AbortSignal;
  #watcher: FSWatcher | undefined;
  #told = false;
  #tell: () => void = () => {};

  constructor(directory: string, signal: AbortSignal) {
    this.#signal = signal;
    const tell = () => {
      this.#told = true;
      this.#tell();
    };
    signal.addEventListener('abort', tell, { once: true });
    try {
      this.#watcher = watch(directory, tell).on('error', () => {});
    } catch {
      // No inotify instance to be had: a second is soon enough.
    }
  }

  async wait(): Promise<void> {
    if (!this.#told && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lookAgain);
        this.#tell = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#told = false;
  }

  end(): void {
    this.#watcher?.close();
  }
}
