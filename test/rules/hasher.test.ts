import { createHash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
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
