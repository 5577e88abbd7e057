import { EventEmitter } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../../src/agent/run.js';
import { listenForSignals } from '../../src/agent/signals.js';
import { Bench } from './support.js';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.dispose());

test('runs until a signal ends it; the ready file is there meanwhile', async () => {
  const source = new EventEmitter();
  const readyFile = join(bench.directory, 'ready');
  const ended = run(bench.config, { readyFile }, bench.world, listenForSignals(source));
  await expect.poll(() => existsSync(readyFile)).toBe(true);
  expect(JSON.parse(readFileSync(readyFile, 'utf8'))).toMatchObject({ pid: 77, status: 'ready', rules: 1 });
  source.emit('SIGHUP', 'SIGHUP');
  await expect.poll(() => bench.session.generation).toBe(2n);
  source.emit('SIGTERM', 'SIGTERM');
  expect(await ended).toEqual({ outcome: 'stopped' });
  expect(existsSync(readyFile)).toBe(false);
  expect(source.eventNames()).toEqual([]);
  expect(bench.codes.at(-1)).toBe('stopped');
});

test('a loss is an outcome of its own', async () => {
  const source = new EventEmitter();
  bench.session.count({ lost_verdict: 2n });
  const ended = run(bench.config, {}, bench.world, listenForSignals(source));
  source.emit('SIGTERM', 'SIGTERM');
  expect(await ended).toEqual({ outcome: 'lost', records: 2 });
});

test('what cannot start leaves no handler behind', async () => {
  const source = new EventEmitter();
  bench.writeText('rules: []\n');
  await expect(run(bench.config, {}, bench.world, listenForSignals(source))).rejects.toThrow(/policy check/);
  expect(source.eventNames()).toEqual([]);
});
