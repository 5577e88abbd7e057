import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { listenForSignals } from '../../src/agent/signals.js';

test('SIGTERM and SIGINT ask for the end, SIGHUP for a reload', async () => {
  const source = new EventEmitter();
  const signals = listenForSignals(source);
  let reloads = 0;
  signals.onReload(() => {
    reloads++;
  });
  source.emit('SIGHUP', 'SIGHUP');
  source.emit('SIGHUP', 'SIGHUP');
  source.emit('SIGINT', 'SIGINT');
  source.emit('SIGTERM', 'SIGTERM');
  expect(reloads).toBe(2);
  expect(await signals.end).toBe('SIGINT');
  signals.dispose();
  expect(source.eventNames()).toEqual([]);
});

test('a SIGHUP during the start is not lost', () => {
  const source = new EventEmitter();
  const signals = listenForSignals(source);
  source.emit('SIGHUP', 'SIGHUP');
  let reloads = 0;
  signals.onReload(() => {
    reloads++;
  });
  expect(reloads).toBe(1);
});
