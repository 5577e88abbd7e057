import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type fs from 'node:fs';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { lockPins, type PinsLock } from '../../src/kernel/pins-lock.js';

/** Called before the lock's file system calls that change something: another agent may come in between any two of them. */
let between: () => void = () => {};
vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof fs>();
  const interrupted = (call: 'rmSync' | 'linkSync' | 'renameSync' | 'writeFileSync' | 'readdirSync') =>
    ((...parameters: unknown[]) => {
      between();
      return (real[call] as (...all: unknown[]) => unknown)(...parameters);
    }) as never;
  const calls = {
    rmSync: interrupted('rmSync'),
    linkSync: interrupted('linkSync'),
    renameSync: interrupted('renameSync'),
    writeFileSync: interrupted('writeFileSync'),
    readdirSync: interrupted('readdirSync'),
  };
  return { ...real, ...calls, default: { ...real, ...calls } };
});

const pins = '/sys/fs/bpf/portcullis-test';
const children: ChildProcess[] = [];
let below: string;
beforeEach(() => {
  below = mkdtempSync(join(tmpdir(), 'portcullis-lock-'));
});
afterEach(() => {
  between = () => {};
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(below, { recursive: true });
});

/** The pid of a process that lives as long as the test. */
function agent(): number {
  const child = spawn('/bin/sleep', ['1000']);
  children.push(child);
  return child.pid!;
}

/** Leaves the lock of an agent that was killed. */
async function leaveStale(): Promise<void> {
  const gone = spawn('/bin/sleep', ['1000']);
  lockPins(pins, gone.pid!, below);
  gone.kill('SIGKILL');
  await once(gone, 'exit');
}

test('one agent has it, and the next one is told which until it lets go', () => {
  const [one, two] = [agent(), agent()];
  const lock = lockPins(pins, one, below);
  expect(() => lockPins(pins, two, below)).toThrow(`process ${one}`);
  expect(() => lockPins(pins, one, below)).toThrow(`process ${one}`);
  expect(() => lockPins('/sys/fs/bpf/other', two, below).release()).not.toThrow();
  lock.release();
  lockPins(pins, two, below).release();
  expect(readdirSync(below)).toEqual([]);
});

test('a lock of an agent that is gone does not count, and its release takes nothing from the one that has it now', async () => {
  await leaveStale();
  const [one, two] = [agent(), agent()];
  const gone = spawn('/bin/true');
  const old = lockPins('/sys/fs/bpf/other', gone.pid!, below);
  await once(gone, 'exit');
  lockPins('/sys/fs/bpf/other', one, below);
  old.release();
  expect(() => lockPins('/sys/fs/bpf/other', two, below)).toThrow(`process ${one}`);
  expect(() => lockPins(pins, two, below)).not.toThrow();
});

test.each([1, 2, 3, 4, 5, 6])(
  'two agents that find a lock of one that is gone never both get it: one comes before call %i of the other',
  async (call) => {
    await leaveStale();
    const [one, two] = [agent(), agent()];
    const got: PinsLock[] = [];
    let calls = 0;
    between = () => {
      calls++;
      if (calls !== call) return;
      between = () => {};
      try {
        got.push(lockPins(pins, two, below));
      } catch {}
    };
    try {
      got.push(lockPins(pins, one, below));
    } catch {}
    expect(got).toHaveLength(1);
  },
);
