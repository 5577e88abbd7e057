import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Agent } from '../../src/agent/agent.js';
import { limits } from '../../src/agent/limits.js';
import { readJournal } from '../../src/telemetry/journal/index.js';
import { record } from '../events/support.js';
import { Bench } from './support.js';

let bench: Bench;
let agent: Agent | undefined;
beforeEach(() => {
  bench = new Bench();
  agent = undefined;
});
afterEach(async () => {
  await agent?.stop('end of the test');
  bench.dispose();
});

const directory = () => join(bench.directory, 'journal');
const journal = () => ({ directory: { at: 'path', path: directory() }, size: 1_048_576, sync: 'second' }) as const;

async function kept(): Promise<unknown[]> {
  const pids: unknown[] = [];
  for await (const { msg, process } of readJournal({ directory: directory() })) {
    if (msg === 'event') pids.push((process as { pid: number }).pid);
  }
  return pids;
}

test('the kernel may forget a record when the journal has it, and the log gets it from there', async () => {
  agent = await bench.start({ journal: journal() });
  bench.session.send(record({ pid: 40, rules: [0] }), record({ pid: 41, sequence: 8n, rules: [0] }));
  await expect.poll(() => bench.session.acknowledged).toBe(2);
  expect(await kept()).toEqual([40, 41]);
  await expect.poll(() => bench.codes.filter((code) => code === 'event').length).toBe(2);
  const logged = bench.entries.filter(({ msg }) => msg === 'event');
  const lines = readFileSync(join(directory(), '000000000001.journal'), 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line.slice(9)))).toEqual(logged);
  const metrics = await (await fetch(`${agent.url}/metrics`)).text();
  expect(metrics).toMatch(/portcullis_journal_bytes [1-9]/);
  expect(metrics).toContain('portcullis_journal_lines_lost_total{reason="unwritten"} 0');
});

test('a log that nobody reads does not hold up the kernel: the next agent brings to it what it missed', async () => {
  const pipe = join(bench.directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  // Held open, so that writing does not fail, and never read; and full.
  const reader = openSync(pipe, 'r+');
  const filler = spawn('dd', ['if=/dev/zero', `of=${pipe}`, 'bs=1', 'count=65536', 'oflag=nonblock'], {
    stdio: 'ignore',
  });
  await once(filler, 'close');
  const first = await bench.start({
    journal: journal(),
    log: { level: 'debug', destination: { to: 'file', path: pipe } },
  });
  for (let sequence = 0n; sequence < 50n; sequence++) bench.session.send(record({ sequence, rules: [0] }));
  await expect.poll(() => bench.session.acknowledged).toBe(50);
  closeSync(reader);
  const patience = vi.spyOn(limits.stopTime, 'value', 'get').mockReturnValue(500 as never);
  await first.stop('the test goes on');
  patience.mockRestore();
  const next = new Bench();
  agent = await next.start({ journal: journal() });
  await expect.poll(() => next.codes.filter((code) => code === 'event').length).toBeGreaterThanOrEqual(49);
  expect(next.codes).toContain('journal-resumed');
  await agent.stop('the test goes on');
  next.dispose();
}, 60_000);

test('a journal that cannot be had is said, and costs nothing else', async () => {
  writeFileSync(directory(), 'a file where the directory should be');
  agent = await bench.start({ journal: journal() });
  bench.session.send(record({ rules: [0] }));
  await expect.poll(() => bench.session.acknowledged).toBe(1);
  expect(bench.entries.filter(({ msg }) => msg === 'event')).toHaveLength(1);
  const said = bench.entries.filter(({ msg }) => msg === 'journal-failed');
  expect(said).toMatchObject([{ level: 'error', code: 'EEXIST' }]);
  expect(agent.status).toMatchObject({ status: 'ready' });
  const summary = await agent.stop('the test goes on');
  expect(summary.lost.undelivered).toBe(0);
});

test('without the key there is none', async () => {
  agent = await bench.start();
  bench.session.send(record({ rules: [0] }));
  await expect.poll(() => bench.session.acknowledged).toBe(1);
  expect(readdirSync(bench.directory)).not.toContain('journal');
  expect(await (await fetch(`${agent.url}/metrics`)).text()).not.toContain('portcullis_journal');
});
