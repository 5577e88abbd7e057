import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { run } from './support.js';

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(await run(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
});

test('--help names the verbs', async () => {
  const { status, stdout } = await run(['--help']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/policy.*limits/s);
  expect((await run(['policy', 'eval', '--help'])).stdout).toContain('$truncated');
});

test.each([
  [[]],
  [['nonsense']],
  [['policy']],
  [['policy', 'nonsense']],
  [['policy', 'check']],
  [['policy', 'check', '--nonsense', 'policies']],
  [['policy', 'check', '/nowhere']],
  [['policy', 'explain', '/nowhere']],
  [['policy', 'eval']],
  [['policy', 'eval', '--expression', 'true']],
  [['policy', 'eval', '--expression', 'true', '--event', '/nowhere']],
  [['policy', 'eval', '--expression', 'true', '--event', '-', '--batch', '-']],
  [['policy', 'eval', '--batch', '/nowhere']],
])('%j is bad use: status 2, nothing on standard output', async (args) => {
  const { status, stdout, stderr } = await run(args);
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).not.toBe('');
});

test('limits prints every limit with its unit and consequence', async () => {
  const { stdout } = await run(['limits', '--json']);
  const rows = JSON.parse(stdout) as {
    part: string;
    limit: string;
    value: number;
    unit: string;
    consequence: string;
  }[];
  expect(rows.map(({ part }) => part)).toEqual(expect.arrayContaining(['policy', 'secl', 'compiler']));
  for (const row of rows) expect(row.value > 0 && row.unit !== '' && row.consequence !== '', row.limit).toBe(true);
  const { stdout: text } = await run(['limits']);
  expect(text.trimEnd().split('\n')).toHaveLength(rows.length + 1);
});
