import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PolicyFilesError, readPolicyFiles } from '../../src/policy/index.js';
import { limits } from '../../src/policy/limits.js';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portcullis-'));
  for (const name of ['b.policy', 'a.policy', 'default.policy', 'notes.txt', '.hidden.policy']) {
    await writeFile(join(directory, name), `version: ${name}\n`);
  }
  await mkdir(join(directory, 'empty'));
});

afterAll(() => rm(directory, { recursive: true }));

test('a directory stands for its policies, default.policy first', async () => {
  const files = await readPolicyFiles([directory]);
  expect(files.map(({ file }) => basename(file))).toEqual(['default.policy', 'a.policy', 'b.policy']);
  expect(Buffer.from(files[1]!.text).toString()).toBe('version: a.policy\n');
});

test('files are read in the order they are named, whatever they are called', async () => {
  const files = await readPolicyFiles([join(directory, 'notes.txt'), join(directory, 'a.policy')]);
  expect(files.map(({ file }) => basename(file))).toEqual(['notes.txt', 'a.policy']);
});

test('a directory without policies gives none', async () => {
  expect(await readPolicyFiles([join(directory, 'empty')])).toEqual([]);
});

test('what is not there is an error that names it', async () => {
  const path = join(directory, 'none.policy');
  await expect(readPolicyFiles([path])).rejects.toThrow(PolicyFilesError);
  await expect(readPolicyFiles([path])).rejects.toThrow(`Cannot read ${path}: there is no such file.`);
});

test('no more is read than it takes to see that a file is too large', async () => {
  const [file] = await readPolicyFiles(['/dev/zero']);
  expect(file!.text.length).toBeGreaterThan(limits.fileBytes.value);
  expect(file!.text.length).toBeLessThan(2 * limits.fileBytes.value);
});
