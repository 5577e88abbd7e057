import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileSink, LogError } from '../../src/telemetry/sink.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'portcullis-sink-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('a log file', () => {
  test('takes lines in order and says when they are safe', async () => {
    const path = join(directory, 'log');
    const sink = new FileSink({ to: 'file', path });
    const lines = Array.from({ length: 5_000 }, (_, index) => `${index} ${'é'.repeat(index % 50)}\n`);
    for (const line of lines) sink.write(line);
    expect(sink.pendingBytes).toBeGreaterThan(0);
    await sink.flushed();
    expect(readFileSync(path, 'utf8')).toBe(lines.join(''));
    expect(sink.pendingBytes).toBe(0);
    sink.close();
  });

  test('is appended to, and is for its owner alone', async () => {
    const path = join(directory, 'log');
    for (const line of ['one\n', 'two\n']) {
      const sink = new FileSink({ to: 'file', path });
      sink.write(line);
      await sink.flushed();
      sink.close();
    }
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('that ends in the middle of a line gets the rest of the line closed off', async () => {
    const path = join(directory, 'log');
    for (const before of ['{"cut', 'whole\n', '']) {
      writeFileSync(path, before);
      const sink = new FileSink({ to: 'file', path });
      sink.write('next\n');
      await sink.flushed();
      sink.close();
      expect(readFileSync(path, 'utf8')).toBe(before === '{"cut' ? '{"cut\nnext\n' : `${before}next\n`);
    }
  });

  test('is written anew under its name after a rotation', async () => {
    const path = join(directory, 'log');
    const sink = new FileSink({ to: 'file', path });
    sink.write('before\n');
    await sink.flushed();
    renameSync(path, `${path}.1`);
    sink.reopen();
    sink.write('after\n');
    await sink.flushed();
    expect([readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')]).toEqual(['before\n', 'after\n']);
    sink.close();
  });

  test('that cannot be opened says which key to look at', () => {
    expect(() => new FileSink({ to: 'file', path: join(directory, 'none', 'log') })).toThrow(LogError);
    expect(() => new FileSink({ to: 'file', path: directory })).toThrow(/log\.destination/);
  });
});

describe('a log that does not take what it is given', () => {
  test('a full device is tried again and nothing is said to be safe', async () => {
    const sink = new FileSink({ to: 'file', path: '/dev/full' });
    let safe = false;
    sink.write('lost?\n');
    void sink.flushed().then(() => {
      safe = true;
    });
    await expect.poll(() => sink.failure?.code).toBe('ENOSPC');
    expect(sink.failures).toBeGreaterThan(0);
    expect(sink.stuckFor).toBeGreaterThan(0);
    expect(safe).toBe(false);
    expect(sink.pendingBytes).toBe(6);
    sink.close();
  });

  test('a pipe that nobody reads is said at once, and does not hold the process', async () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    const script = `
      import { FileSink } from ${JSON.stringify(new URL('../../dist/telemetry/sink.js', import.meta.url).href)};
      new FileSink({ to: 'file', path: ${JSON.stringify(path)} });`;
    const args = ['--input-type=module', '-e', script];
    const child = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 });
    expect([child.status, child.stderr]).toEqual([1, expect.stringContaining(`nobody who reads the pipe ${path}`)]);
  });

  test('a pipe whose reader is slow takes everything in the end', async () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    // Opened for both, so that neither end waits for the other.
    const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const sink = new FileSink({ to: 'file', path: `/proc/self/fd/${reader}` });
    const line = `${'x'.repeat(99)}\n`;
    for (let count = 0; count < 3_000; count++) sink.write(line);
    let read = 0;
    const chunk = Buffer.alloc(16_384);
    let safe = false;
    void sink.flushed().then(() => {
      safe = true;
    });
    await expect
      .poll(
        () => {
          try {
            read += readSync(reader, chunk);
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
          }
          return read;
        },
        { interval: 1, timeout: 20_000 },
      )
      .toBe(300_000);
    await expect.poll(() => safe).toBe(true);
    sink.close();
  });
});

describe('a process whose standard output nobody reads can still end', () => {
  const built = new URL('../../dist/telemetry/sink.js', import.meta.url).href;
  const program = `
    import { FileSink } from ${JSON.stringify(built)};
    const sink = new FileSink({ to: 'stdout' });
    sink.write('x'.repeat(1 << 20));
    setTimeout(() => { sink.close(); process.exitCode = 7; }, 100);
  `;

  async function statusOf(stdout: 'pipe' | number): Promise<number | null> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', stdout, 'inherit'],
    });
    const deadline = setTimeout(() => child.kill('SIGKILL'), 20_000);
    const [status] = (await once(child, 'exit')) as [number | null];
    clearTimeout(deadline);
    return status;
  }

  test('a socket', async () => expect(await statusOf('pipe')).toBe(7));

  test('a pipe', async () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY);
    expect(await statusOf(writer)).toBe(7);
    closeSync(writer);
    closeSync(reader);
  });
});
