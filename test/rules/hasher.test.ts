import { createHash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { HashedFile } from '../../src/events/rule-run.js';
import { FileHasher } from '../../src/rules/hasher.js';
import { limits } from '../../src/rules/limits.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-hash-'));
  path = join(folder, 'tool');
  writeFileSync(path, 'content');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The file as this process, or one that is gone, has it. */
function file(changes: Partial<HashedFile> = {}): HashedFile {
  const { ino } = statSync(path, { bigint: true });
  return { field: 'exec.file', pid: process.pid, path, inode: ino, binary: false, ...changes };
}

const gone = 2 ** 30;
const hashes = (text: string) =>
  ['sha256', 'sha1'].map((name) => `${name}:${createHash(name).update(text).digest('hex')}`);
const done = { state: 'done', hashes: hashes('content') };

test('the file of a process, and of one that is gone', async () => {
  expect(await new FileHasher().hash(file(), 100)).toEqual(done);
  expect(await new FileHasher().hash(file({ pid: gone }), 100)).toEqual(done);
});

test('the binary of a process, whatever its path says by now', async () => {
  const { ino } = statSync('/proc/self/exe', { bigint: true });
  const found = await new FileHasher().hash(file({ binary: true, inode: ino, path: undefined }), 2 ** 30);
  // Node itself is larger than what is read in a second.
  expect(['done', 'rate_limited']).toContain(found.state);
});

test('another file at the path is not taken for it', async () => {
  const meant = file();
  const other = join(folder, 'other');
  writeFileSync(other, 'other');
  renameSync(other, path);
  expect(await new FileHasher().hash(meant, 100)).toEqual({ state: 'file_not_found', hashes: [] });
});

test('of a process that is gone, a path without inode could be anybody’s', async () => {
  expect(await new FileHasher().hash(file({ inode: 0n }), 100)).toEqual(done);
  expect((await new FileHasher().hash(file({ inode: 0n, pid: gone }), 100)).state).toBe('file_not_found');
});

test('what is no file is not read', async () => {
  const { ino } = statSync(folder, { bigint: true });
  expect((await new FileHasher().hash(file({ path: folder, inode: ino }), 100)).state).toBe('file_not_found');
});

test('a file past the size is not read', async () => {
  expect(await new FileHasher().hash(file(), 'content'.length - 1)).toEqual({ state: 'file_too_big', hashes: [] });
  expect(await new FileHasher().hash(file(), 'content'.length)).toEqual(done);
});

test('no more is read in a second than the limit; what is known needs no reading', async () => {
  let now = 0;
  const hasher = new FileHasher(() => now);
  const size = limits.hashRate.value / 2;
  const make = (name: string) => {
    path = join(folder, name);
    writeFileSync(path, Buffer.alloc(size, name));
    return file();
  };
  const [one, two, three] = [make('a'), make('b'), make('c')];
  const states = async (which: HashedFile) => (await hasher.hash(which, size)).state;
  expect([await states(one), await states(two), await states(three)]).toEqual(['done', 'done', 'rate_limited']);
  expect(await states(one)).toBe('done');
  now += 500;
  expect(await states(three)).toBe('done');
});

describe('a file system that does not answer', () => {
  const failed = { state: 'failed', hashes: [] };
  /** What is opened hangs until it is let go, while `hangs` says so. */
  const slow = { hangs: true, opened: 0, release: () => {} };
  const hasherOf = (now?: () => number) =>
    new FileHasher(now, async (place) => {
      slow.opened++;
      if (slow.hangs) {
        await new Promise<void>((resolve) => {
          slow.release = resolve;
        });
      }
      return open(place);
    });
  beforeEach(() => {
    Object.assign(slow, { hangs: true, opened: 0 });
  });
  afterEach(() => vi.restoreAllMocks());

  test('is given up, and nothing further is opened until it has answered', async () => {
    vi.spyOn(limits.hashTime, 'value', 'get').mockReturnValue(20 as never);
    const hasher = hasherOf();
    expect(await hasher.hash(file(), 100)).toEqual(failed);
    slow.hangs = false;
    expect(await hasher.hash(file(), 100)).toEqual(failed);
    expect(slow.opened).toBe(1);
    vi.restoreAllMocks();
    slow.release();
    await expect.poll(() => hasher.hash(file(), 100)).toEqual(done);
  });

  test('in time does not take all the time: slow files are followed by none for a while', async () => {
    let now = 0;
    const hasher = hasherOf(() => now);
    const first = hasher.hash(file(), 100);
    now += limits.hashSlow.value + 1;
    slow.hangs = false;
    slow.release();
    expect(await first).toEqual(done);
    expect(await hasher.hash(file(), 100)).toEqual({ state: 'rate_limited', hashes: [] });
    now += 10 * (limits.hashSlow.value + 1);
    expect(await hasher.hash(file(), 100)).toEqual(done);
  });
});
