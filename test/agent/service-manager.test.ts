import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { type ServiceEnvironment, ServiceManager } from '../../src/agent/service-manager.js';
import { KernelError, sendDatagram } from '../../src/kernel/addon.js';

afterEach(() => vi.useRealTimers());

function bench(environment: ServiceEnvironment) {
  const told: [string, string][] = [];
  const manager = new ServiceManager(environment, 77, (path, text) => told.push([path, text]));
  return { manager, told, environment };
}

test('tells the socket of the environment, and takes it away from children', () => {
  const { manager, told, environment } = bench({ NOTIFY_SOCKET: '@a', WATCHDOG_USEC: '1000000' });
  manager.ready('two\nlines');
  manager.reloading();
  manager.stopping('SIGTERM');
  manager.end();
  expect(told[0]).toEqual(['@a', 'READY=1\nSTATUS=two lines']);
  expect(told[1]?.[1]).toMatch(/^RELOADING=1\nMONOTONIC_USEC=\d+$/);
  expect(told[2]?.[1]).toBe('STOPPING=1\nSTATUS=Stopping: SIGTERM.');
  expect(environment).toEqual({});
});

test('a status is told when it is another', () => {
  const { manager, told } = bench({ NOTIFY_SOCKET: '@a' });
  manager.ready('one');
  manager.status('one');
  manager.status('two');
  manager.status('two');
  expect(told.map(([, text]) => text)).toEqual(['READY=1\nSTATUS=one', 'STATUS=two']);
});

test('keeps the watchdog quiet at half its patience, until the end', () => {
  vi.useFakeTimers();
  const { manager, told } = bench({ NOTIFY_SOCKET: '@a', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '77' });
  vi.advanceTimersByTime(45_000);
  expect(told.map(([, text]) => text)).toEqual(['WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1']);
  manager.end();
  vi.advanceTimersByTime(45_000);
  expect(told).toHaveLength(3);
});

test('for work that keeps the event loop from turning there is more patience, and afterwards the usual one', () => {
  const { manager, told } = bench({ NOTIFY_SOCKET: '@a', WATCHDOG_USEC: '30000000' });
  const texts = () => told.splice(0).map(([, text]) => text);
  const before = ['EXTEND_TIMEOUT_USEC=600000000', 'WATCHDOG_USEC=600000000'];
  expect(manager.standstill(texts)).toEqual(before);
  expect(texts()).toEqual(['WATCHDOG_USEC=30000000']);
  expect(() =>
    manager.standstill(() => {
      throw new Error('of the work');
    }),
  ).toThrow('of the work');
  expect(texts()).toEqual([...before, 'WATCHDOG_USEC=30000000']);
  manager.end();
});

test('a watchdog that has more patience keeps it, and where there is none there is none', () => {
  const patient = bench({ NOTIFY_SOCKET: '@a', WATCHDOG_USEC: '3600000000' });
  patient.manager.standstill(() => {});
  expect(patient.told.map(([, text]) => text).slice(1)).toEqual(Array(2).fill('WATCHDOG_USEC=3600000000'));
  patient.manager.end();
  const without = bench({ NOTIFY_SOCKET: '@a' });
  expect(without.manager.standstill(() => 3)).toBe(3);
  expect(without.told).toEqual([['@a', 'EXTEND_TIMEOUT_USEC=600000000']]);
});

test('a watchdog of another process, none, and one that makes no sense are left alone', () => {
  vi.useFakeTimers();
  for (const watchdog of [{ WATCHDOG_USEC: '1000', WATCHDOG_PID: '78' }, {}, { WATCHDOG_USEC: 'x' }]) {
    const { told } = bench({ NOTIFY_SOCKET: '@a', ...watchdog });
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual([]);
  }
});

test('without a manager, and with one that does not listen, nothing happens', () => {
  bench({}).manager.ready('x');
  const deaf = new ServiceManager({ NOTIFY_SOCKET: '/nowhere' }, 77, sendDatagram);
  expect(() => deaf.ready('x')).not.toThrow();
  expect(() => sendDatagram('/nowhere', 'x')).toThrow(KernelError);
  expect(() => sendDatagram('x'.repeat(200), 'x')).toThrow(TypeError);
});

/** Prints the first datagram that comes to a socket; Node has no such sockets of its own. */
const RECEIVER = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = sys.argv[1]
s.bind("\\0" + name[1:] if name[0] == "@" else name)
print("bound", flush=True)
print(s.recv(4096).decode())`;

test.each(['file', 'abstract'] as const)('a datagram reaches a socket with a name of the kind: %s', async (kind) => {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-notify-'));
  try {
    execFileSync('python3', ['--version']);
    const name = kind === 'file' ? join(directory, 'socket') : `@portcullis-${process.pid}`;
    const receiver = spawn('python3', ['-c', RECEIVER, name], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    receiver.stdout.on('data', (chunk: Buffer) => {
      if (text === '') sendDatagram(name, 'READY=1\nSTATUS=é');
      text += String(chunk);
    });
    await once(receiver, 'close');
    expect(text).toBe('bound\nREADY=1\nSTATUS=é\n');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
