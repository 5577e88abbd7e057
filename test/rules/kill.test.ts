import { describe, expect, test } from 'vitest';
import { type KillTarget, killAfter, type Processes } from '../../src/rules/kill.js';
import { noProcesses } from './support.js';

/** A host with one process, and what was done to it. */
function host(changes: Partial<Processes> = {}) {
  const calls: string[] = [];
  const processes: Processes = {
    ...noProcesses,
    open: (pid) => {
      calls.push(`open ${pid}`);
      return { signal: (number) => calls.push(`signal ${number}`), close: () => calls.push('close') };
    },
    start: () => {
      calls.push('start');
      return 4_000_000_000n;
    },
    binary: () => ({ inode: 99n, path: '/usr/bin/tool' }),
    now: () => 6_000_000_000n,
    ...changes,
  };
  return { processes, calls };
}

const target: KillTarget = { pid: 4242, start: 4_004_000_000n, inode: 99n, path: '/usr/bin/tool' };

test('the process is opened before it is looked at, and closed in the end', () => {
  const { processes, calls } = host();
  expect(killAfter(target, 9, processes)).toEqual({ status: 'performed', killedAt: 6_000_000_000n });
  expect(calls).toEqual(['open 4242', 'start', 'signal 9', 'close']);
});

describe('no signal is sent', () => {
  test.each<[string, Partial<Processes>, Partial<KillTarget>, string]>([
    ['to process 1', {}, { pid: 1 }, 'protected'],
    ['to what is no process', {}, { pid: 0 }, 'protected'],
    ['to the agent', {}, { pid: 77 }, 'protected'],
    ['to what is protected', { isProtected: (pid) => pid === 4242 }, {}, 'protected'],
    ['to a process that started later', { start: () => 4_010_000_000n }, {}, 'not_triggered'],
    ['to a process that started earlier', { start: () => 3_990_000_000n }, {}, 'not_triggered'],
    ['to a process that has ended', { start: () => undefined }, {}, 'not_triggered'],
    [
      'to one that runs another program',
      { binary: () => ({ inode: 5n, path: '/usr/bin/other' }) },
      {},
      'not_triggered',
    ],
  ])('%s', (_, changes, other, status) => {
    const { processes, calls } = host(changes);
    const report = killAfter({ ...target, ...other }, 9, processes);
    expect(report.status).toBe(status);
    expect(report.why).toBeDefined();
    expect(calls.filter((call) => call.startsWith('signal'))).toEqual([]);
    expect(calls.filter((call) => call === 'close')).toHaveLength(calls.includes('open 4242') ? 1 : 0);
  });

  test('to a process that cannot be opened', () => {
    expect(killAfter(target, 9, noProcesses)).toEqual({ status: 'not_triggered', why: 'it had ended' });
  });
});

test.each<[string, Processes['binary'], Partial<KillTarget>]>([
  ['the file system shows another inode', () => ({ inode: 5n, path: '/usr/bin/tool' }), {}],
  ['the path is seen from elsewhere', () => ({ inode: 99n, path: '/other/root/tool' }), {}],
  ['its binary cannot be read', () => undefined, {}],
  ['the record knows neither', () => ({ inode: 5n, path: '/x' }), { inode: 0n, path: undefined }],
])('it is the same program when %s', (_, binary, other) => {
  expect(killAfter({ ...target, ...other }, 9, host({ binary }).processes).status).toBe('performed');
});

test.each([
  ['EPERM', 'error'],
  ['ESRCH', 'not_triggered'],
])('a signal that fails with %s is %s', (code, status) => {
  const { processes, calls } = host();
  const refused = {
    ...processes,
    open: (pid: number) => ({
      ...processes.open(pid),
      signal: () => {
        throw Object.assign(new Error('no'), { code });
      },
    }),
  };
  expect(killAfter(target, 9, refused).status).toBe(status);
  expect(calls.at(-1)).toBe('close');
});
