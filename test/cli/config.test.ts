import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { settings } from '../../src/agent/config-schema.js';
import { run } from './support.js';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'portcullis-config-'));
  file = join(directory, 'p.yaml');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('config check', () => {
  test('a file that is right', async () => {
    writeFileSync(file, 'tier: lsm\nlog: {level: warn}\n');
    expect(await run(['config', 'check', file])).toEqual({
      status: 0,
      stdout: `${file}: 2 keys, nothing wrong.\n`,
      stderr: '',
    });
  });

  test('all that is wrong, each with its place', async () => {
    writeFileSync(file, 'tier: best\nlisen: 1\n');
    const { status, stdout, stderr } = await run(['config', 'check', file]);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(`${file}:1:7: \`tier\``);
    expect(stderr).toContain(`${file}:2:1: Unknown key \`lisen\`: did you mean \`listen\`?`);
  });

  test('a file that is not there is bad use', async () => {
    const { status, stdout, stderr } = await run(['config', 'check', '/nowhere.yaml']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Cannot read /nowhere.yaml: there is no such file.');
  });
});

describe('config show', () => {
  test('every key, its value and where that comes from', async () => {
    writeFileSync(file, 'log:\n  level: warn\n');
    const { status, stdout } = await run(['config', 'show', '--config', file], '', { PORTCULLIS_LISTEN: '80' });
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^log\\.level +warn +${file}:2$`, 'm'));
    expect(stdout).toMatch(/^listen +80 +PORTCULLIS_LISTEN$/m);
    expect(stdout).toMatch(/^tier +the best there is +default$/m);
  });

  test('as JSON', async () => {
    writeFileSync(file, 'sweep: off\n');
    const { stdout } = await run(['config', 'show', '--config', file, '--json']);
    const entries = JSON.parse(stdout) as { key: string }[];
    expect(entries.map(({ key }) => key)).toEqual(settings.map(({ key }) => key));
    expect(entries.find(({ key }) => key === 'sweep')).toEqual({
      key: 'sweep',
      value: 'off',
      origin: { from: 'file', file, line: 1 },
      change: 'reload',
    });
  });

  test('a mistake is named, and so is a variable that is nearly ours', async () => {
    writeFileSync(file, 'tier: best\n');
    expect((await run(['config', 'show', '--config', file])).stderr).toContain(`${file}:1:7`);
    writeFileSync(file, '');
    const { status, stderr } = await run(['config', 'show', '--config', file], '', { PORTCULLIS_LISTN: '80' });
    expect(status).toBe(0);
    expect(stderr).toContain('PORTCULLIS_LISTEN');
  });
});

test('the page in the documentation is current', async () => {
  const { stdout } = await run(['config', 'keys', '--markdown']);
  const page = await readFile('docs/configuration.md', 'utf8');
  expect(stdout === page, 'run `portcullis config keys --markdown > docs/configuration.md`').toBe(true);
});
