/**
 * A set of programs and maps in the BPF file system, where it outlives the agent. A directory holds sets, `set-N`; each has `maps`, one
 * `links-N` for every agent that attached its programs, and, pinned last, the map `record`: a set without it is half a start.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync, statfsSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BpfMap, type Link } from './addon.js';
import { SessionError } from './errors.js';
import type { TierName } from './types.js';

/** What a set says of itself to the agent that finds it. */
export interface PinRecord {
  /** Of everything that both sides of a map must agree on. */
  layout: string;
  /** SHA-256 of the object file, hexadecimal. */
  object: string;
  tier: TierName;
  /** Bytes of an image slot. */
  capacity: number;
  /** Entries of the map of scratch memories. */
  scratches: number;
}

/** Bytes of the record's JSON, at most. */
const recordBytes = 1024;
const first = new Uint8Array(4);
/** BPF_FS_MAGIC of linux/magic.h. */
const bpfMagic = 0xcafe4a11;

export class PinnedSet {
  #links: string;

  /** `path` need not exist yet. */
  constructor(
    readonly path: string,
    readonly record: PinRecord,
  ) {
    this.#links = join(path, `links-${nextNumber(path, 'links-')}`);
  }

  /** Pins maps now and links as they come; it counts from `complete` on. Throws KernelError. */
  static begin(directory: string, record: PinRecord, maps: ReadonlyMap<string, BpfMap>): PinnedSet {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const set = new PinnedSet(join(directory, `set-${nextNumber(directory, 'set-')}`), record);
    mkdirSync(join(set.path, 'maps'), { recursive: true, mode: 0o700 });
    for (const [name, map] of maps) map.pin(join(set.path, 'maps', name));
    return set;
  }

  /** Half a start is this no more. */
  complete(): void {
    const path = join(this.path, 'record');
    if (existsSync(path)) return;
    const map = BpfMap.create({ type: 'array', name: 'record', keySize: 4, valueSize: recordBytes, maxEntries: 1 });
    const value = new Uint8Array(recordBytes);
    value.set(new TextEncoder().encode(JSON.stringify(this.record)));
    map.update(first, value);
    map.pin(path);
    map.close();
  }

  map(name: string): BpfMap {
    return BpfMap.openPinned(join(this.path, 'maps', name));
  }

  /** Keeps an attached program attached. It goes with the link's detach(). */
  pinLink(name: string, link: Link): void {
    mkdirSync(this.#links, { recursive: true, mode: 0o700 });
    link.pin(join(this.#links, name));
  }

  /** Whether an earlier agent left this program attached. */
  hadLink(name: string): boolean {
    return this.#earlierLinks().some((links) => existsSync(join(links, name)));
  }

  /** Programs of earlier agents run no more. */
  dropEarlierLinks(): void {
    for (const links of this.#earlierLinks()) removeTree(links);
  }

  /** No program of it runs any more; its records are still there. */
  detachAll(): void {
    for (const name of names(this.path)) if (name.startsWith('links-')) removeTree(join(this.path, name));
  }

  /** Nothing of it stays: programs first, what they work on after them. */
  remove(): void {
    this.detachAll();
    removeTree(this.path);
  }

  #earlierLinks(): string[] {
    return names(this.path)
      .filter((name) => name.startsWith('links-'))
      .map((name) => join(this.path, name))
      .filter((links) => links !== this.#links);
  }
}

/** Complete sets, the youngest first; what is half a start is removed. Throws SessionError `pins` without a BPF file system. */
export function pinnedSets(directory: string): { sets: PinnedSet[]; halves: number } {
  // elsewhere making directories may fail in ways that never end: sysfs says of any new name that it does not exist
  if (!isBpfFileSystem(directory))
    throw new SessionError('pins', `${directory} is not in a BPF file system: mount one there, or leave out the pins`);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SessionError('pins', `${directory} cannot be made: ${why}`);
  }
  const sets: PinnedSet[] = [];
  let halves = 0;
  const numbered = names(directory).filter((name) => name.startsWith('set-'));
  for (const name of numbered.sort((a, b) => numberOf(b, 'set-') - numberOf(a, 'set-'))) {
    const path = join(directory, name);
    const record = readRecord(join(path, 'record'));
    if (record !== undefined) {
      sets.push(new PinnedSet(path, record));
      continue;
    }
    removeHalf(path);
    halves += 1;
  }
  return { sets, halves };
}

/** Of the directory, or of what is there of the way to it. */
function isBpfFileSystem(directory: string): boolean {
  for (let path = directory; ; path = dirname(path)) {
    if (existsSync(path)) return statfsSync(path).type === bpfMagic;
  }
}

/** A set whose record cannot be read. Throws SessionError `pins` when that is because others are kept from it. */
function removeHalf(path: string): void {
  try {
    for (const below of names(path)) if (below.startsWith('links-')) removeTree(join(path, below));
    removeTree(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
    const text = `${path} is protected by the agent that made it: only the one that systemd starts next may go on with it`;
    throw new SessionError('pins', text, { cause: error });
  }
}

/** Undefined: there is none, or it is not one of ours. */
function readRecord(path: string): PinRecord | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const map = BpfMap.openPinned(path);
    const text = Buffer.from(map.lookup(first) ?? []).toString('utf8');
    map.close();
    return JSON.parse(text.slice(0, text.indexOf('\0'))) as PinRecord;
  } catch {
    return undefined;
  }
}

function removeTree(path: string): void {
  let entries: { name: string; isDirectory(): boolean }[];
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) removeTree(below);
    else unlessGone(() => unlinkSync(below));
  }
  unlessGone(() => rmdirSync(path));
}

/** Somebody may remove the same at the same time: a package that goes, an operator. */
function unlessGone<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function names(path: string): string[] {
  return unlessGone(() => readdirSync(path)) ?? [];
}

function numberOf(name: string, prefix: string): number {
  return Number.parseInt(name.slice(prefix.length), 10) || 0;
}

function nextNumber(directory: string, prefix: string): number {
  const numbers = names(directory)
    .filter((name) => name.startsWith(prefix))
    .map((name) => numberOf(name, prefix));
  return Math.max(0, ...numbers) + 1;
}
