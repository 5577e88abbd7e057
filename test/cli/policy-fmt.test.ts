import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { run } from './support.js';

const directories: string[] = [];
let path: string;
let good: string;
const loose = 'rules:\n- {id: one, expression: exec.uid==0}\n';
const tight = 'rules:\n  - {id: one, expression: exec.uid == 0}\n';

beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-'));
  directories.push(directory);
  path = join(directory, 'loose.policy');
  good = join(directory, 'tight.policy');
  await writeFile(path, loose);
  await writeFile(good, tight);
});

afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))));

test('prints, and changes nothing', async () => {
  expect(await run(['policy', 'fmt', path])).toEqual({ status: 0, stdout: tight, stderr: '' });
  expect(await readFile(path, 'utf8')).toBe(loose);
});

test('--check names what differs', async () => {
  expect(await run(['policy', 'fmt', '--check', path, good])).toEqual({
    status: 1,
    stdout: `${path}\n`,
    stderr: '1 file would change, of 2\n',
  });
  expect((await run(['policy', 'fmt', '--check', good])).status).toBe(0);
  expect(await readFile(path, 'utf8')).toBe(loose);
});

test('--write changes what differs and leaves nothing beside it', async () => {
  const { status, stdout } = await run(['policy', 'fmt', '--write', path, good]);
  expect([status, stdout]).toEqual([0, `${path}\n`]);
  expect(await readFile(path, 'utf8')).toBe(tight);
  expect(await readdir(join(path, '..'))).toHaveLength(2);
});

test('--json', async () => {
  const { stdout } = await run(['policy', 'fmt', '--check', '--json', path, good]);
  expect(JSON.parse(stdout)).toEqual({ differing: [path], refused: [] });
});

test('what is no YAML is refused and left alone; two wishes at once are bad use', async () => {
  await writeFile(path, 'rules: [');
  const { status, stderr } = await run(['policy', 'fmt', '--write', path]);
  expect(status).toBe(1);
  expect(stderr).toContain('error[yaml]');
  expect(await readFile(path, 'utf8')).toBe('rules: [');
  expect((await run(['policy', 'fmt', '--write', '--check', good])).status).toBe(2);
});
