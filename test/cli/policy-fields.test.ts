import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { catalogue } from '../../src/secl/index.js';
import { run } from './support.js';

test('a part of a name finds the fields that have it', async () => {
  const { status, stdout } = await run(['policy', 'fields', 'exec.args']);
  expect(status).toBe(0);
  const [heading, ...lines] = stdout.trimEnd().split('\n');
  expect(heading).toMatch(/^FIELD +TYPE +EVENT +DECIDES +WHAT IT IS$/);
  expect(lines.slice(0, -1).every((line) => line.startsWith('exec.args'))).toBe(true);
  expect(stdout).toMatch(/exec\.args_flags +string\[\] +exec +kernel /);
  expect(lines.at(-1)).toMatch(/^\d fields$/);
});

test('a star stands for any text, and the whole name must fit', async () => {
  const names = async (pattern: string) => {
    const { stdout } = await run(['policy', 'fields', pattern, '--json']);
    return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
  };
  expect(await names('exec.file.pa*')).toContain('exec.file.path.length');
  expect((await names('exec.file.pa*')).every((name) => name.startsWith('exec.file.pa'))).toBe(true);
  expect(await names('*.args_flags')).toContain('process.parent.args_flags');
  expect(await names('args_flags*')).toEqual([]);
});

test('the fields of one event', async () => {
  const { stdout } = await run(['policy', 'fields', '--event', 'bpf', '--json']);
  const fields = JSON.parse(stdout) as { event: string; place: string }[];
  expect(fields.length).toBeGreaterThan(3);
  expect(new Set(fields.map(({ event, place }) => `${event} ${place}`))).toEqual(new Set(['bpf waiting']));
});

test('no such field: status 1, and what may have been meant', async () => {
  expect(await run(['policy', 'fields', 'exec.file.nam.'])).toEqual({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('Did you mean exec.file.name'),
  });
  expect((await run(['policy', 'fields', '--markdown', 'x'])).status).toBe(2);
});

test('the page in the documentation is current', async () => {
  const { stdout } = await run(['policy', 'fields', '--markdown']);
  expect(
    stdout === (await readFile('docs/fields.md', 'utf8')),
    'run `portcullis policy fields --markdown > docs/fields.md`',
  ).toBe(true);
});

test('the page names every field, by itself or by a star', async () => {
  const page = await readFile('docs/fields.md', 'utf8');
  const stars = [...page.matchAll(/`([\w.]+)\.\*` \(/g)].map(([, prefix]) => prefix!);
  const missing = catalogue.all().filter(({ name }) => {
    if (page.includes(`| \`${name}\` |`)) return false;
    const prefix = stars.filter((star) => name.startsWith(`${star}.`)).sort((a, b) => b.length - a.length)[0];
    return prefix === undefined || !page.includes(`| \`process.${name.slice(prefix.length + 1)}\` |`);
  });
  expect(missing.map(({ name }) => name)).toEqual([]);
});
