/**
 * What a host keeps over a restart and a power cut:
 *
 *   trusted.json      the metadata that was verified last: what protects against a rollback
 *   sets/HASH.json    policies, by the hash of their names and contents
 *   active.json       which of the sets is in force, and which was before
 *   refused.json      releases that this host refused
 *
 * Each is replaced in one step. A set is on disk before active.json names it, and goes only when that names another.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { StoreError } from '../errors.js';
import { customOf, type Release, releaseOf, targetName } from '../release.js';
import { type Disk, realDisk, unfinished, writeDurably } from './disk.js';
import { hashOf, type PolicySet, policySet } from './policy-set.js';

/** Verified metadata as its files' texts. */
export interface TrustedFiles {
  readonly root: string;
  readonly timestamp?: string | undefined;
  readonly snapshot?: string | undefined;
  readonly targets?: string | undefined;
}

export interface Trusted {
  /** SHA-256 of the pinned root that this began with. */
  readonly pinned: string;
  readonly files: TrustedFiles;
}

export interface Refusal {
  readonly code: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const releaseSchema = z.object({
  custom: z.record(z.string(), z.unknown()),
  sha256: z.string(),
  length: z.number(),
  name: z.string(),
});
const referenceSchema = z.object({ hash: z.string(), version: z.number(), releases: z.array(releaseSchema) });
const activeSchema = z.object({ current: referenceSchema, previous: referenceSchema.nullable() });
const setSchema = z.record(z.string(), z.string());
const trustedSchema = z.object({
  pinned: z.string(),
  files: z.object({
    root: z.string(),
    timestamp: z.string().optional(),
    snapshot: z.string().optional(),
    targets: z.string().optional(),
  }),
});
const refusedSchema = z.record(z.string(), z.object({ code: z.string(), reason: z.string(), at: z.number() }));

type Reference = z.infer<typeof referenceSchema>;

export class Store {
  readonly #disk: Disk;
  readonly #directory: string;
  #active: PolicySet | undefined;
  #trusted: Trusted | undefined;
  #refused: ReadonlyMap<string, Refusal> = new Map();
  /** Sentences about what was found damaged. */
  readonly damage: string[] = [];

  private constructor(directory: string, disk: Disk) {
    this.#directory = directory;
    this.#disk = disk;
  }

  /** Reads what there is. What is damaged is left out and named in `damage`. Throws StoreError. */
  static async open(directory: string, disk: Disk = realDisk): Promise<Store> {
    const store = new Store(directory, disk);
    try {
      await disk.makeDirectory(join(directory, 'sets'));
      await store.#tidy();
      store.#trusted = await store.#read('trusted.json', trustedSchema);
      store.#refused = new Map(Object.entries((await store.#read('refused.json', refusedSchema)) ?? {}));
      await store.#readActive();
      return store;
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError('store-unreadable', `Cannot use ${directory}: ${(error as Error).message}.`, error);
    }
  }

  /** The last policies that were in force: last known good. */
  get active(): PolicySet | undefined {
    return this.#active;
  }

  get trusted(): Trusted | undefined {
    return this.#trusted;
  }

  /** By name of the target. */
  get refused(): ReadonlyMap<string, Refusal> {
    return this.#refused;
  }

  /** Throws StoreError; then the old one is still there. */
  async saveTrusted(trusted: Trusted): Promise<void> {
    await this.#write('trusted.json', trusted);
    this.#trusted = trusted;
  }

  /** Throws StoreError. */
  async saveRefused(refused: ReadonlyMap<string, Refusal>): Promise<void> {
    this.#refused = refused;
    await this.#write('refused.json', Object.fromEntries(refused));
  }

  /** Brings the contents of a set to disk, before it is put into force. Throws StoreError. */
  async keep({ hash, contents }: PolicySet): Promise<void> {
    if (this.#active?.hash === hash) return;
    const texts = [...contents].map(([sha256, bytes]) => [sha256, Buffer.from(bytes).toString('base64')]);
    await this.#write(join('sets', `${hash}.json`), Object.fromEntries(texts));
  }

  /** Says which set is in force; it was kept before. Throws StoreError; then the old one is what a start finds. */
  async activate(set: PolicySet): Promise<void> {
    const previous = this.#active === undefined ? null : referenceTo(this.#active);
    await this.#write('active.json', { current: referenceTo(set), previous });
    this.#active = set;
    await this.#sweep([set.hash, previous?.hash]);
  }

  async #readActive(): Promise<void> {
    const active = await this.#read('active.json', activeSchema);
    for (const reference of [active?.current, active?.previous]) {
      if (reference === undefined || reference === null) continue;
      const set = await this.#readSet(reference);
      if (set === undefined) continue;
      this.#active = set;
      return;
    }
  }

  async #readSet(reference: Reference): Promise<PolicySet | undefined> {
    const name = join('sets', `${reference.hash}.json`);
    const texts = await this.#read(name, setSchema);
    if (texts === undefined) {
      this.damage.push(`${name} is missing.`);
      return undefined;
    }
    const contents = new Map(Object.entries(texts).map(([sha256, text]) => [sha256, Buffer.from(text, 'base64')]));
    const releases = reference.releases.map(({ custom, sha256, length, name: path }) =>
      releaseOf({ path, length, hashes: { sha256 }, custom }),
    );
    const whole = releases.every(({ sha256 }) => digest(contents.get(sha256)) === sha256);
    if (whole && hashOf(releases) === reference.hash) return policySet(releases, contents, reference.version);
    this.damage.push(`${name} is not what was put into force.`);
    return undefined;
  }

  /** Undefined when there is no such file, or it is damaged. */
  async #read<Shape>(name: string, schema: z.ZodType<Shape>): Promise<Shape | undefined> {
    const bytes = await this.#disk.read(join(this.#directory, name));
    if (bytes === undefined) return undefined;
    try {
      return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    } catch {
      this.damage.push(`${name} is damaged.`);
      return undefined;
    }
  }

  async #write(name: string, value: unknown): Promise<void> {
    try {
      await writeDurably(this.#disk, join(this.#directory, name), Buffer.from(JSON.stringify(value)));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new StoreError('store-unwritable', `Cannot write ${join(this.#directory, name)}: ${why}.`, error);
    }
  }

  /** What an interrupted write left. */
  async #tidy(): Promise<void> {
    for (const directory of [this.#directory, join(this.#directory, 'sets')]) {
      for (const name of await this.#disk.list(directory)) {
        if (name.endsWith(unfinished)) await this.#disk.remove(join(directory, name));
      }
    }
  }

  /** Sets that nothing names. That some stay when this fails does no harm. */
  async #sweep(keep: readonly (string | undefined)[]): Promise<void> {
    try {
      const names = new Set(keep.map((hash) => `${hash}.json`));
      for (const name of await this.#disk.list(join(this.#directory, 'sets'))) {
        if (!names.has(name)) await this.#disk.remove(join(this.#directory, 'sets', name));
      }
    } catch {
      // The next activation sweeps again.
    }
  }
}

function referenceTo({ hash, version, releases }: PolicySet): Reference {
  return { hash, version, releases: releases.map(written) };
}

function written(release: Release): z.infer<typeof releaseSchema> {
  const { sha256, length } = release;
  return { custom: customOf(release), sha256, length, name: targetName(release) };
}

function digest(bytes: Uint8Array | undefined): string | undefined {
  return bytes && createHash('sha256').update(bytes).digest('hex');
}
