import { EventEmitter } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../../src/agent/run.js';
import { ServiceManager } from '../../src/agent/service-manager.js';
import { listenForSignals } from '../../src/agent/signals.js';
import { Bench } from './support.js';

let bench: Bench;

/** A service manager that writes down what it is told. */
function managerOf(told: string[]): ServiceManager {
  return new ServiceManager({ NOTIFY_SOCKET: '@a' }, 77, (_, text) => told.push(text));
}

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

test('a reload that is asked for while it stops is refused, and nothing is wrong with that', async () => {
  const source = new EventEmitter();
  const readyFile = join(bench.directory, 'ready');
  const told: string[] = [];
  const ended = run(bench.config, { readyFile }, bench.world, listenForSignals(source), managerOf(told));
  await expect.poll(() => existsSync(readyFile)).toBe(true);
  const { close } = bench.session;
  bench.session.close = async () => {
    source.emit('SIGHUP', 'SIGHUP');
    await close.call(bench.session);
  };
  source.emit('SIGTERM', 'SIGTERM');
  expect(await ended).toEqual({ outcome: 'stopped' });
  // what is left of the reload has its turn after the stop
  await new Promise((resolve) => setImmediate(resolve));
  expect(bench.session.generation).toBe(1n);
  expect(told.at(-1)).toBe('STOPPING=1\nSTATUS=Stopping: SIGTERM.');
});

test('a loss is an outcome of its own', async () => {
  const source = new EventEmitter();
  bench.session.count({ lost_verdict: 2n });
  const ended = run(bench.config, {}, bench.world, listenForSignals(source));
  source.emit('SIGTERM', 'SIGTERM');
  expect(await ended).toEqual({ outcome: 'lost', records: 2 });
});

test('a stop that fails is an outcome of its own, with its reason', async () => {
  const source = new EventEmitter();
  bench.session.failures.set('close', new Error('the pins are gone'));
  const ended = run(bench.config, {}, bench.world, listenForSignals(source));
  source.emit('SIGTERM', 'SIGTERM');
  expect(await ended).toEqual({ outcome: 'stop-failed', why: 'the pins are gone' });
});

test('what cannot start leaves no handler behind', async () => {
  const source = new EventEmitter();
  bench.writeText('rules: []\n');
  await expect(run(bench.config, {}, bench.world, listenForSignals(source))).rejects.toThrow(/policy check/);
  expect(source.eventNames()).toEqual([]);
});
