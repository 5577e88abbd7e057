import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Journal, type JournalChange, JournalDirectory, readJournal } from '../../../src/telemetry/journal/index.js';
import { limits } from '../../../src/telemetry/limits.js';
import { HeldSink } from '../support.js';
import { eventLine } from './support.js';

const isRoot = process.getuid?.() === 0;

let disk: string;
beforeEach(() => {
  disk = mkdtempSync(join(tmpdir(), 'portcullis-disk-'));
  if (isRoot) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
});
afterEach(() => {
  vi.restoreAllMocks();
  if (isRoot) execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true, force: true });
});

test.skipIf(!isRoot)(
  'a disk that others fill, and then one that is read-only, cost nothing but the journal',
  async () => {
    const directory = join(disk, 'journal');
    const log = new HeldSink();
    const changes: JournalChange[] = [];
    const onChange = (change: JournalChange) => changes.push(change);
    const journal = new Journal(new JournalDirectory(directory), log, { size: 800_000, sync: 'batch', onChange });
    await journal.open();
    let record = 0;
    const write = async (lines: number) => {
      for (let line = 0; line < lines; line++) journal.write(`${eventLine(record++)}\n`);
      await journal.flushed();
    };
    const nextAttempt = () => {
      const now = performance.now();
      vi.spyOn(performance, 'now').mockImplementation(() => now + limits.journalRetry.value + 1);
    };
    await write(10);
    mkdirSync(join(disk, 'other'));
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, 'other', 'file'), Buffer.alloc(bavail * bsize));
    // The last page of the journal may still have room for some.
    for (let round = 0; round < 50 && journal.counts.failures === 0; round++) await write(10);
    expect(changes.at(-1)).toMatchObject({ change: 'failed', code: 'ENOSPC' });
    const { unwritten } = journal.counts;
    rmSync(join(disk, 'other'), { recursive: true });
    nextAttempt();
    await write(5);
    expect(changes.at(-1)).toEqual({ change: 'recovered', lines: unwritten });

    await journal.delivered();
    await journal.close();
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    const readOnly = new Journal(new JournalDirectory(directory), log, { size: 800_000, sync: 'batch', onChange });
    await readOnly.open();
    readOnly.write(`${eventLine(record++)}\n`);
    await readOnly.flushed();
    expect(changes.at(-1)).toMatchObject({ change: 'failed', code: 'EROFS' });
    const logged = new Set(log.lines);
    for (let number = 0; number < record; number++) expect(logged).toContain(`${eventLine(number)}\n`);

    let kept = 0;
    const reader = readJournal({ directory });
    for await (const _ of reader) kept++;
    expect(kept).toBe(record - unwritten - 1);
    expect(reader.counts.damaged).toBe(0);
    await readOnly.close();
  },
);
