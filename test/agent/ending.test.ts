import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
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
