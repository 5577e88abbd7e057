import { EventEmitter } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../../src/agent/run.js';
import { ServiceManager } from '../../src/agent/service-manager.js';
import { listenForSignals } from '../../src/agent/signals.js';
import { Client } from '../telemetry/control/support.js';
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

test('the service manager is told of every change, whoever asked for it', async () => {
  const source = new EventEmitter();
  const readyFile = join(bench.directory, 'ready');
  const path = join(bench.directory, 'control.sock');
  const config = { ...bench.config, control: { socket: { at: 'path' as const, path } } };
  const told: string[] = [];
  const ended = run(config, { readyFile }, bench.world, listenForSignals(source), managerOf(told));
  await expect.poll(() => existsSync(readyFile)).toBe(true);
  const news = () => told.splice(0).filter((text) => /STATUS|RELOADING/.test(text));
  expect(news()).toEqual(['READY=1\nSTATUS=Tier lsm, 1 rules in force, generation 1.']);

  const client = new Client(path);
  const ask = async (request: object) => {
    client.send(`${JSON.stringify(request)}\n`);
    await client.answer();
    return news();
  };
  const reloading = expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=\d+$/);
  const ready = (generation: number) =>
    `READY=1\nSTATUS=Tier lsm, 1 rules in force, generation ${generation}. Last reload: done.`;
  expect(await ask({ verb: 'reload' })).toEqual([reloading, ready(2)]);
  expect(await ask({ verb: 'rule', rule: 'deny_xmrig', mode: 'monitor' })).toEqual([]);
  expect(await ask({ verb: 'off' })).toEqual([
    expect.stringMatching(/^STATUS=Enforcement is switched off by .*\(pid \d+, uid \d+\): nothing is decided\./),
  ]);
  expect(await ask({ verb: 'off' })).toEqual([]);
  expect(await ask({ verb: 'on' })).toEqual([ready(3).replace('READY=1\n', '')]);
  client.socket.destroy();

  source.emit('SIGHUP', 'SIGHUP');
  await expect.poll(() => told.some((text) => text.startsWith('READY'))).toBe(true);
  expect(news()).toEqual([reloading, ready(4)]);
  source.emit('SIGTERM', 'SIGTERM');
  await ended;
  expect(news()).toEqual(['STOPPING=1\nSTATUS=Stopping: SIGTERM.']);
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
