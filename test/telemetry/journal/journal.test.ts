import { appendFileSync, chmodSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Journal } from '../../../src/telemetry/journal/journal.js';
import { limits } from '../../../src/telemetry/limits.js';
import type { LineSink } from '../../../src/telemetry/sink.js';
import { HeldSink } from '../support.js';
import { errno, eventLine, JournalBench, recordsOf } from './support.js';

let bench: JournalBench;
beforeEach(() => {
  bench = new JournalBench();
});
afterEach(() => bench.dispose());

function write(journal: Journal, ...records: number[]): void {
  for (const record of records) journal.write(`${eventLine(record)}\n`);
}

/** Takes its time for everything. */
class SlowSink implements LineSink {
  readonly lines: string[] = [];
  readonly pendingBytes = 0;

  write(line: string): void {
    this.lines.push(line);
  }

  async flushed(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Enough for the next attempt after a failure. */
function rest(): void {
  const now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => now + limits.journalRetry.value + 1);
}
afterEach(() => vi.restoreAllMocks());

describe('a journal', () => {
  test('has the lines before the log does, and the log gets them as they are', async () => {
    const log = new HeldSink('held');
    const journal = await bench.agent(log);
    write(journal, 1, 2, 3);
    await journal.flushed();
    expect(recordsOf(bench.kept)).toEqual(['boot-1', 'boot-2', 'boot-3']);
    expect(journal.pendingBytes).toBe(0);
    expect(journal.counts.undelivered).toBe(journal.counts.bytes);
    log.accept();
    await journal.delivered();
    expect(log.lines).toEqual([1, 2, 3].map((record) => `${eventLine(record)}\n`));
    expect(journal.counts).toMatchObject({ failures: 0, unwritten: 0, overtaken: 0, damaged: 0, undelivered: 0 });
    expect(bench.changes).toEqual([]);
  });

  test('is readable by its owner alone', async () => {
    rmSync(bench.directory, { recursive: true });
    const journal = await bench.agent();
    write(journal, 1);
    await journal.delivered();
    const mode = (name: string) => statSync(join(bench.directory, name)).mode & 0o777;
    expect(['.', '000000000001.journal', 'delivered'].map(mode)).toEqual([0o700, 0o600, 0o600]);
  });

  test('is bounded: the oldest files go', async () => {
    const journal = await bench.agent(new HeldSink(), { size: 20_000 });
    for (let record = 0; record < 1_000; record++) {
      write(journal, record);
      if (record % 10 === 0) await journal.delivered();
      expect(journal.counts.bytes).toBeLessThanOrEqual(20_000);
    }
    await journal.delivered();
    expect(bench.segments.length).toBeLessThanOrEqual(5);
    const sizes = bench.segments.map((name) => statSync(join(bench.directory, name)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(journal.counts.bytes);
    const kept = recordsOf(bench.kept);
    expect(kept.length).toBeGreaterThan(50);
    expect(kept.at(-1)).toBe('boot-999');
    expect(journal.counts.overtaken).toBe(0);
  });

  test.each([
    ['batch', 3, 3],
    ['second', 0, 1],
    ['never', 0, 0],
  ] as const)('with sync: %s', async (sync, atOnce, inTheEnd) => {
    const journal = await bench.agent(new HeldSink(), { sync });
    for (const record of [1, 2, 3]) {
      write(journal, record);
      await journal.flushed();
    }
    expect(bench.files.syncs).toBe(atOnce);
    await journal.close();
    expect(bench.files.syncs).toBe(inTheEnd);
  });

  test('with sync: second, is synced within that time', async () => {
    const journal = await bench.agent();
    write(journal, 1);
    await journal.flushed();
    await expect.poll(() => bench.files.syncs, { timeout: 5_000 }).toBe(1);
  });
});

describe('an agent that ends', () => {
  test('leaves to the next what the log did not take, and nothing else', async () => {
    const first = new HeldSink();
    const one = await bench.agent(first);
    write(one, 1, 2);
    await one.delivered();
    const stuck = new HeldSink('held');
    const two = await bench.agent(stuck);
    write(two, 3, 4);
    await two.flushed();
    await two.close();
    const log = new HeldSink();
    const three = await bench.agent(log);
    write(three, 5);
    await three.delivered();
    expect(recordsOf(log.lines)).toEqual(['boot-3', 'boot-4', 'boot-5']);
    expect(bench.changes).toEqual([{ change: 'resumed', segment: 1, offset: expect.any(Number) }]);
    const four = new HeldSink();
    await (await bench.agent(four)).delivered();
    expect(four.lines).toEqual([]);
  });

  test('in the middle of a line costs that line, counted, and no other', async () => {
    const one = await bench.agent();
    write(one, 1);
    await one.delivered();
    await one.close();
    appendFileSync(join(bench.directory, '000000000001.journal'), '12345678 {"cut":');
    const log = new HeldSink();
    const two = await bench.agent(log);
    write(two, 2);
    await two.delivered();
    expect(recordsOf(log.lines)).toEqual(['boot-2']);
    expect(recordsOf(bench.kept)).toEqual(['boot-1', 'boot-2']);
    expect(two.counts.damaged).toBe(1);
  });

  test.each(['', 'nonsense', '00000000 {"segment":9,"offset":9}'])(
    'with the note %j of what was delivered: all that is kept is delivered, at least once is the promise',
    async (note) => {
      const one = await bench.agent();
      write(one, 1, 2);
      await one.delivered();
      writeFileSync(join(bench.directory, 'delivered'), note);
      const log = new HeldSink();
      await (await bench.agent(log)).delivered();
      expect(recordsOf(log.lines)).toEqual(['boot-1', 'boot-2']);
    },
  );

  test('and whose segments became shorter meanwhile: the next goes on at the end', async () => {
    const one = await bench.agent();
    write(one, 1, 2);
    await one.delivered();
    await one.close();
    truncateSync(join(bench.directory, '000000000001.journal'), 10);
    const log = new HeldSink();
    const two = await bench.agent(log);
    write(two, 3);
    await two.delivered();
    expect(recordsOf(log.lines)).toEqual(['boot-3']);
  });
});

describe('a log that is slow', () => {
  test('gets everything in order, from the disk once it is far behind', async () => {
    const log = new HeldSink('held');
    const journal = await bench.agent(log, { size: 40_000_000 });
    const long = 'x'.repeat(2_000);
    const records = Array.from({ length: 3_000 }, (_, record) => record);
    for (const record of records) {
      journal.write(`${eventLine(record, undefined, long)}\n`);
      if (record % 50 === 0) await journal.flushed();
    }
    await journal.flushed();
    expect(journal.counts.bytes).toBeGreaterThan(limits.journalFresh.value * 5);
    log.accept();
    await journal.delivered();
    expect(recordsOf(log.lines)).toEqual(records.map((record) => `boot-${record}`));
  });

  test('but moves is waited for when the journal is full: nothing is lost', async () => {
    const log = new SlowSink();
    const journal = await bench.agent(log, { size: 20_000 });
    for (let record = 0; record < 1_000; record++) {
      write(journal, record);
      if (record % 10 === 0) await journal.flushed();
    }
    await journal.delivered();
    expect(recordsOf(log.lines)).toEqual(Array.from({ length: 1_000 }, (_, record) => `boot-${record}`));
    expect(journal.counts.overtaken).toBe(0);
  });

  test('loses what the journal has no room for, counted exactly, and goes on with the rest', async () => {
    vi.spyOn(limits.journalPatience, 'value', 'get').mockReturnValue(50 as never);
    const log = new HeldSink('held');
    const journal = await bench.agent(log, { size: 20_000 });
    for (let record = 0; record < 1_000; record++) {
      write(journal, record);
      if (record % 10 === 0) await journal.flushed();
    }
    await journal.flushed();
    log.accept();
    await journal.delivered();
    const delivered = recordsOf(log.lines);
    expect(journal.counts.overtaken).toBeGreaterThan(500);
    expect(delivered.length + journal.counts.overtaken).toBe(1_000);
    expect(new Set(delivered).size).toBe(delivered.length);
    expect(delivered.at(-1)).toBe('boot-999');
    const said = bench.changes.flatMap((change) => (change.change === 'overtaken' ? [change.lines] : []));
    expect(said.reduce((sum, lines) => sum + lines, 0)).toBe(journal.counts.overtaken);
  });
});

describe('a disk that fails', () => {
  test('full: the log gets the lines at once, they are counted, and later ones are kept again', async () => {
    const log = new HeldSink();
    const journal = await bench.agent(log);
    write(journal, 1);
    await journal.delivered();
    bench.files.room = 30;
    write(journal, 2, 3);
    await journal.flushed();
    write(journal, 4);
    await journal.flushed();
    expect(recordsOf(log.lines)).toEqual(['boot-1', 'boot-2', 'boot-3', 'boot-4']);
    expect(journal.counts).toMatchObject({ failures: 1, unwritten: 3 });
    bench.files.room = Number.POSITIVE_INFINITY;
    rest();
    write(journal, 5);
    await journal.delivered();
    expect(recordsOf(bench.kept)).toEqual(['boot-1', 'boot-5']);
    expect(recordsOf(log.lines).at(-1)).toBe('boot-5');
    // What was written of the lines that did not fit is not there any more.
    expect(journal.counts.damaged).toBe(0);
    expect(bench.changes).toEqual([
      { change: 'failed', code: 'ENOSPC', message: 'ENOSPC: injected' },
      { change: 'recovered', lines: 3 },
    ]);
  });

  test('full, and what was written cannot be taken back: only that is damaged', async () => {
    const log = new HeldSink();
    const journal = await bench.agent(log);
    bench.files.room = 30;
    bench.files.faults.set('truncate', 'EIO');
    write(journal, 1);
    await journal.flushed();
    bench.files.room = Number.POSITIVE_INFINITY;
    rest();
    write(journal, 2);
    await journal.delivered();
    expect(recordsOf(log.lines)).toEqual(['boot-1', 'boot-2']);
    expect(recordsOf(bench.kept)).toEqual(['boot-2']);
  });

  test.each(['prepare', 'openSegment', 'append', 'sync'] as const)(
    'in %s: no line is lost to the log',
    async (call) => {
      bench.files.faults.set(call, 'EROFS');
      const log = new HeldSink();
      const journal = await bench.agent(log, { sync: 'batch' });
      write(journal, 1);
      await journal.flushed();
      expect(recordsOf(log.lines)).toEqual(['boot-1']);
      expect(bench.changes).toEqual([{ change: 'failed', code: 'EROFS', message: 'EROFS: injected' }]);
      bench.files.faults.clear();
      rest();
      write(journal, 2);
      await journal.delivered();
      expect(recordsOf(log.lines)).toContain('boot-2');
      expect(recordsOf(bench.kept)).toContain('boot-2');
    },
  );

  test('whose directory somebody removed: it is made again', async () => {
    const log = new HeldSink();
    const journal = await bench.agent(log);
    write(journal, 1);
    await journal.delivered();
    rmSync(bench.directory, { recursive: true });
    write(journal, 2);
    await journal.delivered();
    expect(recordsOf(log.lines)).toEqual(['boot-1', 'boot-2']);
    expect(recordsOf(bench.kept)).toEqual(['boot-2']);
  });

  test('whose newest file cannot be looked at: it is not written to', async () => {
    const log = new HeldSink('held');
    const one = await bench.agent(log);
    write(one, 1);
    await one.flushed();
    await one.close();
    bench.files.faults.set('read', 'EIO');
    const two = await bench.agent(new HeldSink());
    write(two, 2);
    await two.flushed();
    bench.files.faults.clear();
    expect(two.counts).toMatchObject({ failures: 1, unwritten: 1 });
    expect(recordsOf(bench.kept)).toEqual(['boot-1']);
  });

  test('with bytes that changed: the other lines are delivered', async () => {
    const stuck = new HeldSink('held');
    const one = await bench.agent(stuck);
    write(one, 1, 2, 3);
    await one.flushed();
    await one.close();
    const path = join(bench.directory, '000000000001.journal');
    writeFileSync(path, readFileSync(path, 'latin1').replace('boot-2', 'boot-9'), 'latin1');
    chmodSync(path, 0o600);
    const log = new HeldSink();
    const two = await bench.agent(log);
    await two.delivered();
    expect(recordsOf(log.lines)).toEqual(['boot-1', 'boot-3']);
    expect(two.counts.damaged).toBe(1);
  });
});

describe('a journal that cannot be read back', () => {
  const records = Array.from({ length: 600 }, (_, record) => 1_000 + record);
  const long = 'x'.repeat(2_000);

  /** Its log has taken the first block and no more, and what follows is on the disk alone. */
  async function behind(options: Parameters<JournalBench['agent']>[1] = { size: 40_000_000 }) {
    const left = await bench.agent(new HeldSink('held'), options);
    for (const record of records) {
      left.write(`${eventLine(record, undefined, long)}\n`);
      if (record % 50 === 0) await left.flushed();
    }
    await left.flushed();
    await left.close();
    const log = new HeldSink('held');
    const journal = await bench.agent(log, options);
    await expect.poll(() => log.lines.length).toBeGreaterThan(0);
    expect(log.lines.length).toBeLessThan(records.length);
    bench.changes.length = 0;
    return { log, journal };
  }

  test.each(['EMFILE', 'EIO', 'ENOMEM'])('for a moment (%s): it is read again, nothing is lost', async (code) => {
    vi.spyOn(limits.journalRetry, 'value', 'get').mockReturnValue(5 as never);
    const { log, journal } = await behind();
    bench.files.faults.set('read', code);
    log.accept();
    await new Promise((resolve) => setTimeout(resolve, 30));
    bench.files.faults.clear();
    await journal.delivered();
    expect(recordsOf(log.lines)).toEqual(records.map((record) => `boot-${record}`));
    expect(journal.counts).toMatchObject({ overtaken: 0, damaged: 0 });
    expect(bench.changes).toEqual([]);
  });

  test('for long: as little as can be is passed over, counted and said, and the rest delivered', async () => {
    vi.spyOn(limits.journalRetry, 'value', 'get').mockReturnValue(5 as never);
    vi.spyOn(limits.journalPatience, 'value', 'get').mockReturnValue(30 as never);
    const { log, journal } = await behind();
    // A place on the disk that is bad, and stays so.
    let bad: number | undefined;
    const read = bench.files.read.bind(bench.files);
    vi.spyOn(bench.files, 'read').mockImplementation(async (segment, offset, length) => {
      bad ??= offset;
      if (offset === bad) throw errno('EIO');
      return read(segment, offset, length);
    });
    log.accept();
    await journal.delivered();
    expect(bench.changes.length).toBe(1);
    const { overtaken, damaged } = journal.counts;
    expect(bench.changes[0]).toMatchObject({ change: 'unreadable', code: 'EIO', segment: 1 });
    expect(recordsOf(log.lines).at(-1)).toBe('boot-1599');
    const missing = records.length - log.lines.length;
    expect(missing).toBeGreaterThan(100);
    expect(damaged).toBeLessThanOrEqual(1);
    expect(Math.abs(missing - overtaken - damaged)).toBeLessThanOrEqual(2);
  });

  test('since somebody removed a file that the log had not taken: that is counted and said', async () => {
    const { log, journal } = await behind({ size: 3_200_000 });
    expect(bench.segments).toEqual(['000000000001.journal', '000000000002.journal']);
    rmSync(join(bench.directory, '000000000001.journal'));
    log.accept();
    await journal.delivered();
    const missing = records.length - log.lines.length;
    expect(missing).toBeGreaterThan(100);
    expect(Math.abs(missing - journal.counts.overtaken)).toBeLessThanOrEqual(2);
    expect(bench.changes).toMatchObject([{ change: 'unreadable', code: 'ENOENT', segment: 1 }]);
  });

  test('ends without waiting for it: the next agent reads it', async () => {
    const { log, journal } = await behind();
    bench.files.faults.set('read', 'EIO');
    log.accept();
    await new Promise((resolve) => setTimeout(resolve, 30));
    await journal.close();
    await journal.delivered();
    bench.files.faults.clear();
    const next = new HeldSink();
    await (await bench.agent(next, { size: 40_000_000 })).delivered();
    expect(log.lines.length + next.lines.length).toBe(records.length);
  });
});

test('a newest file that somebody removed: what is written next has a later number, and is delivered', async () => {
  const log = new HeldSink();
  const journal = await bench.agent(log, { size: 20_000 });
  for (let record = 0; record < 60; record++) {
    write(journal, record);
    await journal.flushed();
  }
  await journal.delivered();
  const before = bench.segments;
  expect(before.length).toBeGreaterThan(1);
  rmSync(join(bench.directory, before.at(-1)!));
  write(journal, 100, 101);
  await journal.delivered();
  expect(Number.parseInt(bench.segments.at(-1)!, 10)).toBe(Number.parseInt(before.at(-1)!, 10) + 1);
  expect(recordsOf(log.lines).slice(-2)).toEqual(['boot-100', 'boot-101']);
  expect(journal.counts).toMatchObject({ overtaken: 0, damaged: 0, undelivered: 0 });
});

test('many lines at one time take no more than the size: they are cut into files', async () => {
  const log = new HeldSink();
  const journal = await bench.agent(log, { size: 1_000_000 });
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, journal.counts.bytes);
  }, 1);
  const records = Array.from({ length: 2_000 }, (_, record) => record);
  for (const record of records) journal.write(`${eventLine(record, undefined, 'x'.repeat(2_000))}\n`);
  await journal.delivered();
  clearInterval(watch);
  most = Math.max(most, journal.counts.bytes);
  expect(most).toBeLessThanOrEqual(1_000_000);
  expect(recordsOf(log.lines)).toEqual(records.map((record) => `boot-${record}`));
});

test('many lines at one time of which the disk takes the first ones: the log gets each once', async () => {
  const log = new HeldSink();
  const journal = await bench.agent(log, { size: 1_000_000 });
  bench.files.room = 600_000;
  const records = Array.from({ length: 600 }, (_, record) => record);
  for (const record of records) journal.write(`${eventLine(record, undefined, 'x'.repeat(2_000))}\n`);
  await journal.delivered();
  expect(recordsOf(log.lines).sort()).toEqual(records.map((record) => `boot-${record}`).sort());
  const { unwritten } = journal.counts;
  expect([unwritten > 0, unwritten < 600]).toEqual([true, true]);
  expect(bench.changes).toMatchObject([{ change: 'failed', code: 'ENOSPC' }]);
});
