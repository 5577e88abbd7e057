import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../src/agent/limits.js';
import { lostInAll } from '../../src/agent/stop-summary.js';
import { record } from '../events/support.js';
import { Bench } from './support.js';

let bench: Bench;
let reader: number;
let pipe: string;

beforeEach(() => {
  bench = new Bench();
  pipe = join(bench.directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  // held open and never read, and full
  reader = openSync(pipe, 'r+');
  spawnSync('dd', ['if=/dev/zero', `of=${pipe}`, 'bs=1', 'count=65536', 'oflag=nonblock'], { stdio: 'ignore' });
  vi.spyOn(limits.stopTime, 'value', 'get').mockReturnValue(200 as never);
});

afterEach(() => {
  vi.restoreAllMocks();
  closeSync(reader);
  bench.dispose();
});

test.each([
  ['release', 1, 'close'],
  ['keep', 0, 'leave'],
] as const)('with on_stop: %s, %i of what the log does not take is lost', async (onStop, lost, last) => {
  const agent = await bench.start({
    log: { level: 'error', destination: { to: 'file', path: pipe } },
    pins: { directory: { at: 'path', path: '/sys/fs/bpf/unused' }, on_stop: onStop },
  });
  bench.session.send(record({ rules: [0] }));
  await expect.poll(() => bench.session.calls).toContain('start');
  const summary = await agent.stop('the test ends');
  expect(lostInAll(summary)).toBe(lost);
  expect(bench.session.acknowledged).toBe(0);
  expect(bench.session.calls.at(-1)).toBe(last);
});

describe('what lies in the rings when the log takes nothing', () => {
  const stuck = () => bench.start({ log: { level: 'error', destination: { to: 'file', path: pipe } } });

  test('is taken out before they are gone, and counts as lost', async () => {
    const agent = await stuck();
    bench.session.send(record({ rules: [0] }));
    bench.session.left = [record({ rules: [0], exec: 2n }), record({ rules: [0], exec: 3n })];
    const summary = await agent.stop('the test ends');
    expect(summary.lost.undelivered).toBe(3);
    expect(bench.session.calls.slice(-3)).toEqual(['release', 'drain', 'close']);
  });

  test('stays there where the kernel goes on deciding', async () => {
    const agent = await bench.start({
      log: { level: 'error', destination: { to: 'file', path: pipe } },
      pins: { directory: { at: 'path', path: '/sys/fs/bpf/unused' }, on_stop: 'keep' },
    });
    bench.session.send(record({ rules: [0] }));
    bench.session.left = [record({ rules: [0], exec: 2n })];
    expect((await agent.stop('the test ends')).lost.undelivered).toBe(0);
    expect(bench.session.calls).not.toContain('drain');
  });
});

describe('when the programs cannot be told to decide nothing', () => {
  beforeEach(() => bench.session.failures.set('release', new Error('the map is gone')));

  test('what the rings hold is brought to the log nevertheless', async () => {
    const agent = await bench.start();
    bench.session.left = [record({ rules: [0], generation: 1n })];
    const summary = await agent.stop('the test ends');
    expect([lostInAll(summary), summary.delivery.events]).toEqual([0, 1]);
  });

  test('and the rings cannot be read either, both is said', async () => {
    const agent = await bench.start();
    bench.session.failures.set('drain', new Error('the ring is gone'));
    await agent.stop('the test ends');
    const said = bench.entries.filter(({ msg }) => msg === 'delivery-failed').map(({ error }) => error);
    expect(said).toEqual([expect.stringContaining('the map is gone'), expect.stringContaining('the ring is gone')]);
    expect(bench.session.calls.at(-1)).toBe('close');
  });
});

test('a close that fails is said, and leaves nothing open that would keep the process', async () => {
  const agent = await bench.start();
  bench.session.failures.set('close', new Error('the pins are gone'));
  await expect(agent.stop('the test ends')).rejects.toThrow('the pins are gone');
  await bench.logged();
  expect(bench.entries.at(-1)).toMatchObject({
    level: 'error',
    msg: 'stop-failed',
    text: expect.stringContaining('the pins are gone'),
  });
  await expect(fetch(`${agent.url}/healthz`)).rejects.toThrow();
});
