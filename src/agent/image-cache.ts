/**
 * Keeps the image that is in force on disk, and has it ready for the next start, before anything is compiled. Nothing here ever holds up
 * enforcement: writing is not waited for, and what cannot be read is said and left alone.
 */
import { join } from 'node:path';
import { type Disk, realDisk, writeDurably } from '../rollout/follower/disk.js';
import type { AgentLog } from '../telemetry/log.js';
import { type CachedImage, CachedImageError, decodeCachedImage, encodeCachedImage } from './cached-image.js';
import { sentenceOf } from './sentence.js';

const fileName = 'image';

export class ImageCache {
  readonly #directory: string;
  readonly #host: string;
  readonly #log: AgentLog;
  readonly #disk: Disk;
  #next: CachedImage | undefined;
  #writing: Promise<void> | undefined;
  /** Said once, until writing works again. */
  #failed = false;

  /** `host`: what tells this host from all others. */
  constructor(directory: string, host: string, log: AgentLog, disk: Disk = realDisk) {
    this.#directory = directory;
    this.#host = host;
    this.#log = log;
    this.#disk = disk;
  }

  /** Undefined when there is none, or none that can be used; the log says the second. */
  async read(): Promise<CachedImage | undefined> {
    const path = join(this.#directory, fileName);
    try {
      const bytes = await this.#disk.read(path);
      return bytes === undefined ? undefined : decodeCachedImage(bytes, this.#host);
    } catch (error) {
      const code = error instanceof CachedImageError ? error.code : 'unreadable';
      const text = `${path} is not used: ${sentenceOf(error)}. Policies are compiled first.`;
      this.#log.warn('image-cache-ignored', text, { path, code });
      return undefined;
    }
  }

  /** Writes in the background; of several that wait the last one counts. */
  keep(image: CachedImage): void {
    this.#next = image;
    this.#writing ??= this.#write();
  }

  /** Resolves when what was kept so far is on disk, or could not be written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    for (let image = this.#take(); image !== undefined; image = this.#take()) {
      try {
        await this.#disk.makeDirectory(this.#directory);
        await writeDurably(this.#disk, join(this.#directory, fileName), encodeCachedImage(image));
        this.#failed = false;
      } catch (error) {
        this.#sayFailed(error);
      }
    }
    this.#writing = undefined;
  }

  #take(): CachedImage | undefined {
    const image = this.#next;
    this.#next = undefined;
    return image;
  }

  #sayFailed(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const why = sentenceOf(error);
    const text = `The image in force cannot be kept in ${this.#directory}, so the next start compiles first. ${why}`;
    this.#log.warn('image-not-cached', text, { directory: this.#directory });
  }
}
