import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './support.js';

let directory: string;
const files: Readonly<Record<string, string>> = {
  good: 'rules:\n  - id: good\n    expression: exec.uid == 0\n',
  bad: 'rules:\n  - id: bad\n    expression: exec.uidd == 0\n  - id: fine\n    expression: exec.uid == 0\n',
  mixed: 'rules:\n  - id: mixed\n    expression: exec.uid == 0 && exec.gid == 0 || exec.pid == 1\n',
  doubtful: 'rules:\n  - id: doubtful\n    expression: exec.uid == 0\n    nonsense: 1\n',
};
const path = (name: string) => join(directory, `${name}.policy`);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portcullis-'));
  for (const [name, text] of Object.entries(files)) await writeFile(path(name), text);
});

afterAll(() => rm(directory, { recursive: true }));

test('a policy that loads', async () => {
  expect(await run(['policy', 'check', path('good')])).toEqual({
    status: 0,
    stdout: 'ok: 1 rule from 1 file; 0 errors, 0 warnings\n',
    stderr: '',
  });
});

test('a policy with an error: shown with its place, the other rules counted', async () => {
  const { status, stdout } = await run(['policy', 'check', path('bad')]);
  expect(status).toBe(1);
  expect(stdout).toContain(`${path('bad')}:3:17: error[unknown-name]`);
  expect(stdout).toContain('3 |     expression: exec.uidd == 0\n  |                 ^^^^^^^^^');
  expect(stdout).toContain('not ok: 1 rule from 1 file; 1 error, 0 warnings');
});

test('--json', async () => {
  const { status, stdout } = await run(['policy', 'check', '--json', path('good'), path('bad')]);
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    files: [path('good'), path('bad')],
    rules: ['good', 'fine'],
    errors: 1,
    warnings: 0,
    diagnostics: [{ severity: 'error', code: 'unknown-name', file: path('bad'), line: 3, column: 17, rule: 'bad' }],
  });
});

test.each(['mixed', 'doubtful'])('%s: a warning passes, and fails with --strict', async (name) => {
  const { status, stdout } = await run(['policy', 'check', path(name)]);
  expect(status).toBe(0);
  expect(stdout).toContain('warning[');
  expect((await run(['policy', 'check', '--strict', path(name)])).status).toBe(1);
});

test('--strict refuses && beside || without parentheses', async () => {
  const { stdout } = await run(['policy', 'check', '--strict', '--json', path('mixed')]);
  expect(JSON.parse(stdout)).toMatchObject({ rules: [], diagnostics: [{ severity: 'error', code: 'mixed-logical' }] });
});

test('a directory', async () => {
  const { stdout } = await run(['policy', 'check', '--json', directory]);
  expect((JSON.parse(stdout) as { files: string[] }).files).toHaveLength(Object.keys(files).length);
});

test('a rule that is told to enforce and cannot is an error here too', async () => {
  const file = path('weak');
  await writeFile(
    file,
    'mode: enforce\nrules:\n  - id: weak\n    expression: bpf.cmd == 1\n    actions: [{kill: {signal: SIGKILL}}]\n',
  );
  const { status, stdout } = await run(['policy', 'check', '--json', file]);
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    rules: [],
    diagnostics: [{ code: 'cannot-enforce', file, line: 3, rule: 'weak' }],
  });
  await rm(file);
});
