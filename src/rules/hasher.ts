/** Hashes of files that events name: read from where the process sees them, while they are there. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { HashState } from '../events/event.js';
import { Recent } from '../events/recent.js';
import type { HashedFile } from '../events/rule-run.js';
import { limits } from './limits.js';

export interface Hashed {
  state: HashState;
  /** `algorithm:hexadecimal`; empty unless done. */
  hashes: readonly string[];
}

const algorithms = ['sha256', 'sha1'] as const;

/** Opens a place for reading; undefined when there is nothing. Tests give one that hangs. */
export type PlaceOpener = (place: Buffer) => Promise<FileHandle | undefined>;

const failed: Hashed = { state: 'failed', hashes: [] };
const limited: Hashed = { state: 'rate_limited', hashes: [] };

export class FileHasher {
  readonly #now: () => number;
  readonly #open: PlaceOpener;
  readonly #known = new Recent<string, readonly string[]>(limits.hashCache.value);
  /** Bytes that may be read now. */
  #room: number = limits.hashRate.value;
  #filledAt: number;
  /** One was given up and its reading has not ended: it may hang for ever, and each has a thread of its own. */
  #state: 'free' | 'stuck' = 'free';
  /** Not before: the files before were slow, and events wait for them. */
  #restsUntil = Number.NEGATIVE_INFINITY;

  /** `now`: milliseconds of any steady clock. */
  constructor(now: () => number = () => performance.now(), open: PlaceOpener = openQuietly) {
    this.#now = now;
    this.#open = open;
    this.#filledAt = now();
  }

  /** Never rejects, and takes no longer than the limit. `bytes`: the largest file that is read. */
  async hash(file: HashedFile, bytes: number): Promise<Hashed> {
    if (this.#state === 'stuck') return failed;
    const from = this.#now();
    if (from < this.#restsUntil) return limited;
    const late = new AbortController();
    const reading = this.#find(file, bytes, late.signal).catch(() => failed);
    const hashed = await withinLimit(reading);
    const took = this.#now() - from;
    if (took > limits.hashSlow.value) this.#restsUntil = this.#now() + 10 * took;
    if (hashed !== 'late') return hashed;
    this.#state = 'stuck';
    late.abort();
    void reading.then(() => {
      this.#state = 'free';
    });
    return failed;
  }

  async #find(file: HashedFile, bytes: number, late: AbortSignal): Promise<Hashed> {
    const handle = await find(file, this.#open);
    if (handle === undefined) return { state: 'file_not_found', hashes: [] };
    try {
      return await this.#hash(handle, bytes, late);
    } finally {
      await handle.close();
    }
  }

  async #hash(handle: FileHandle, bytes: number, late: AbortSignal): Promise<Hashed> {
    const { dev, ino, mtimeNs, ctimeNs, size } = await handle.stat({ bigint: true });
    if (size > BigInt(bytes)) return { state: 'file_too_big', hashes: [] };
    const key = [dev, ino, mtimeNs, ctimeNs, size].join(' ');
    const known = this.#known.get(key);
    if (known !== undefined) return { state: 'done', hashes: known };
    if (!this.#take(Number(size))) return limited;
    const digests = algorithms.map((algorithm) => createHash(algorithm));
    let read = 0;
    for await (const chunk of handle.createReadStream({ autoClose: false, end: bytes }) as AsyncIterable<Buffer>) {
      late.throwIfAborted();
      read += chunk.length;
      // It has grown meanwhile: what was read is no file.
      if (read > bytes) return { state: 'file_too_big', hashes: [] };
      for (const digest of digests) digest.update(chunk);
    }
    const hashes = digests.map((digest, index) => `${algorithms[index]}:${digest.digest('hex')}`);
    this.#known.set(key, hashes);
    return { state: 'done', hashes };
  }

  #take(bytes: number): boolean {
    const now = this.#now();
    const rate = limits.hashRate.value;
    this.#room = Math.min(rate, this.#room + ((now - this.#filledAt) / 1_000) * rate);
    this.#filledAt = now;
    if (bytes > this.#room) return false;
    this.#room -= bytes;
    return true;
  }
}

async function withinLimit(reading: Promise<Hashed>): Promise<Hashed | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), limits.hashTime.value);
  });
  try {
    return await Promise.race([reading, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The file, where the process has it: its binary, its path in the root it sees, and for a process that is gone the path
 * here. Where the inode is known another file at the path is not taken for it; without it only the first two count.
 */
async function find({ pid, path, inode, binary }: HashedFile, open: PlaceOpener): Promise<FileHandle | undefined> {
  const places = [
    ...(binary && inode !== 0n ? [`/proc/${pid}/exe`] : []),
    ...(path === undefined ? [] : [`/proc/${pid}/root${path}`]),
    ...(path === undefined || inode === 0n ? [] : [path]),
  ];
  for (const place of places) {
    const handle = await open(Buffer.from(place, 'latin1'));
    if (handle === undefined) continue;
    const found = await handle.stat({ bigint: true }).catch(() => undefined);
    if (found?.isFile() === true && (inode === 0n || found.ino === inode)) return handle;
    await handle.close();
  }
  return undefined;
}

/** Without waiting for the other end of a pipe that lies there. */
async function openQuietly(place: Buffer): Promise<FileHandle | undefined> {
  try {
    return await open(place, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}
