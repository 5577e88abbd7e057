import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './support.js';

let directory: string;
const policy = 'rules:\n  - id: one\n    expression: exec.file.name == "x"\n';
const passing = 'tests:\n  - name: good\n    event: {exec.file.name: x}\n    rules: [one]\n';
const failing = 'policies: [a.policy]\ntests:\n  - name: wrong\n    event: {exec.file.name: y}\n    rules: [one]\n';
const path = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portcullis-'));
  await writeFile(path('a.policy'), policy);
  await writeFile(path('a.tests'), passing);
  await writeFile(path('b.tests'), failing);
  await writeFile(path('c.policy'), 'rules:\n  - id: one\n    expression: exec.nonsense == "x"\n');
  await writeFile(path('c.tests'), 'tests:\n  - name: none\n    event: {exec.uid: 0}\n    not: []\n');
});

afterAll(() => rm(directory, { recursive: true }));

test.each(['a.policy', 'a.tests'])('%s: the tests beside the policy pass', async (name) => {
  expect(await run(['policy', 'test', path(name)])).toEqual({
    status: 0,
    stdout: 'ok: 1 test in 1 file; 0 failed\n',
    stderr: '',
  });
});

test('a test that fails says what differs', async () => {
  const { status, stdout } = await run(['policy', 'test', path('b.tests')]);
  expect(status).toBe(1);
  expect(stdout).toContain(`failed  wrong  ${path('b.tests')}:3\n  one should match, and does not\n`);
  expect(stdout).toContain('exec.file.name = "y"');
  expect(stdout).toContain('not ok: 1 test in 1 file; 1 failed');
});

test('a directory, as JSON', async () => {
  const { status, stdout } = await run(['policy', 'test', '--json', directory]);
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    files: [
      { file: path('a.tests'), tests: [{ name: 'good', passed: true, matched: ['one'] }] },
      {
        file: path('b.tests'),
        tests: [{ name: 'wrong', passed: false, differences: [{ rule: 'one', what: 'missing' }] }],
      },
      { file: path('c.tests'), diagnostics: [{ code: 'unknown-name' }] },
    ],
  });
});

test('a policy that does not load fails its tests', async () => {
  expect((await run(['policy', 'test', path('c.policy')])).status).toBe(1);
});

test('no tests: bad use', async () => {
  const { status, stderr } = await run(['policy', 'test', path('none.policy')]);
  expect(status).toBe(2);
  expect(stderr).toContain(`Cannot read ${path('none.tests')}: there is no such file.`);
  expect(stderr).toContain(
    `Tests of ${path('none.policy')} belong there; \`portcullis policy test --help\` shows one.`,
  );
});

test('a file of tests that is named and not there: nobody asks for a policy', async () => {
  const { status, stderr } = await run(['policy', 'test', path('none.tests')]);
  expect(status).toBe(2);
  expect(stderr).toContain('there is no such file.');
  expect(stderr).not.toContain('belong there');
});
