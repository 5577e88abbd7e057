import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { limits } from '../../src/events/limits.js';
import { parseStatus, readProgram } from '../../src/events/proc-program.js';

test('of this process', () => {
  const program = readProgram(process.pid, 5n)!;
  expect(program).toMatchObject({ path: process.execPath, since: 5n, source: 'proc', uid: process.getuid!() });
  expect(program.levels).toBe(0);
  expect(readProgram(2 ** 30, 5n)).toBeUndefined();
});

test('arguments past the limit are cut, with a part of the next', async () => {
  const long = 'x'.repeat(limits.procArgumentBytes.value);
  const child = spawn('/bin/sh', ['-c', 'read line', 'name', long], { stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    await new Promise((resolve) => child.once('spawn', resolve));
    const program = readProgram(child.pid!, 5n)!;
    expect(program.argsCut).toBe(true);
    expect(program.argv.slice(1, 4)).toEqual(['-c', 'read line', 'name']);
    expect(program.argv.join(' ').length).toBeLessThanOrEqual(limits.procArgumentBytes.value);
  } finally {
    child.stdin!.end();
    await new Promise((resolve) => child.once('close', resolve));
  }
});

test.each([
  ['plain', 'plain'],
  ['two\\nlines', 'two\nlines'],
  ['back\\\\slash', 'back\\slash'],
])('the name %s in /proc/PID/status', (written, comm) => {
  const text = `Name:\t${written}\nUmask:\t0022\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n`;
  expect(parseStatus(text)).toEqual({ comm, uid: 1, euid: 2, gid: 5, egid: 6 });
});

test('a text that is something else is an error', () => {
  expect(() => parseStatus('nothing')).toThrow(RangeError);
});
