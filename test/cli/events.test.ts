import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EventJson } from '../../src/events/event.js';
import { Bench } from '../agent/support.js';
import { record } from '../events/support.js';
import { run } from './support.js';

let bench: Bench;
let directory: string;
let environment: Record<string, string>;

beforeEach(async () => {
  bench = new Bench();
  directory = join(bench.directory, 'journal');
  environment = {
    PORTCULLIS_JOURNAL_DIRECTORY: directory,
    PORTCULLIS_CONTROL_SOCKET: join(bench.directory, 'none.sock'),
  };
  const { journal } = bench.config;
  const agent = await bench.start({ journal: { ...journal, directory: { at: 'path', path: directory } } });
  bench.session.send(
    record({ verdict: 'refuse', stage: 'refuse', rules: [0], exec: 1n }),
    record({ verdict: 'report', rules: [0], exec: 2n }),
  );
  await expect.poll(() => bench.session.acknowledged).toBe(2);
  await agent.stop('end of the test');
});
afterEach(() => bench.dispose());

const events = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as EventJson);

test('are read from the journal, without an agent', async () => {
  const { status, stdout } = await run(['events', '--json'], '', environment);
  expect(status).toBe(0);
  expect(events(stdout).map(({ portcullis }) => portcullis.verdict)).toEqual(['refuse', 'report']);
});

test('are filtered there as the agent would', async () => {
  const { stdout } = await run(['events', '--json', '--verdict', 'refuse', '--rule', 'deny_xmrig'], '', environment);
  expect(events(stdout)).toMatchObject([{ agent: { rule_id: 'deny_xmrig' } }]);
  expect((await run(['events', '--rule', 'other'], '', environment)).stdout).toBe('');
  expect((await run(['events', '--since', '2100-01-01T00:00:00Z'], '', environment)).stdout).toBe('');
});

test('come from the agent where there is no journal', async () => {
  rmSync(directory, { recursive: true });
  expect(await run(['events'], '', environment)).toMatchObject({ status: 3, stdout: '' });
  environment.PORTCULLIS_JOURNAL_DIRECTORY = 'off';
  expect(await run(['events'], '', environment)).toMatchObject({ status: 3, stdout: '' });
});
