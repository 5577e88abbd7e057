import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JournalReader, type ReadOptions, readJournal } from '../../../src/telemetry/journal/reader.js';
import { HeldSink } from '../support.js';
import { eventLine, JournalBench } from './support.js';

let bench: JournalBench;
beforeEach(() => {
  bench = new JournalBench();
});
afterEach(() => bench.dispose());

async function written(...lines: string[]) {
  const journal = await bench.agent(new HeldSink(), { size: 4_000 });
  for (const line of lines) {
    journal.write(`${line}\n`);
    await journal.flushed();
  }
  return journal;
}

async function read(options: Partial<ReadOptions> = {}) {
  const reader = readJournal({ directory: bench.directory, ...options });
  const records: unknown[] = [];
  for await (const { portcullis } of reader) records.push((portcullis as { record: string }).record);
  return { records, counts: reader.counts };
}

test('reads every line over all files, with the agent running', async () => {
  await written(...Array.from({ length: 20 }, (_, record) => eventLine(record)));
  expect(bench.segments.length).toBeGreaterThan(2);
  const { records, counts } = await read();
  expect(records).toEqual(Array.from({ length: 20 }, (_, record) => `boot-${record}`));
  expect(counts).toEqual({ damaged: 0, folded: 0, gone: 0 });
});

test('a record that was delivered twice is shown once', async () => {
  await written(eventLine(1), eventLine(2), eventLine(1, '2030-01-01T00:00:00.000Z'));
  expect(await read()).toEqual({ records: ['boot-1', 'boot-2'], counts: { damaged: 0, folded: 1, gone: 0 } });
});

test('a clock that jumps hides nothing: each line is judged by its own time', async () => {
  const at = (year: number) => `${year}-06-01T00:00:00.000Z`;
  await written(eventLine(1, at(2030)), eventLine(2, at(1970)), eventLine(3, at(2025)), eventLine(4, at(2001)));
  expect((await read({ since: new Date(at(2025)) })).records).toEqual(['boot-1', 'boot-3']);
});

test('damaged lines, cut lines and lines that are no JSON are counted, and the rest is read', async () => {
  await written(eventLine(1), 'no JSON', eventLine(2));
  appendFileSync(join(bench.directory, bench.segments.at(-1)!), 'ffffffff {"x":1}\n00000000 {"cut');
  writeFileSync(join(bench.directory, '000000000999.journal'), Buffer.alloc(5_000, 'x'));
  writeFileSync(join(bench.directory, 'other-file'), 'nothing to do with it\n');
  const { records, counts } = await read();
  expect(records).toEqual(['boot-1', 'boot-2']);
  expect(counts.damaged).toBe(2);
});

test('without a journal there is an error that says so', async () => {
  await expect(read({ directory: join(bench.directory, 'none') })).rejects.toMatchObject({ code: 'ENOENT' });
});

test('follows what is written, over new files, until it is told to end', async () => {
  const journal = await written(eventLine(0));
  const end = new AbortController();
  const reader = new JournalReader({ directory: bench.directory, follow: end.signal });
  const records: unknown[] = [];
  const following = (async () => {
    for await (const { portcullis } of reader) records.push((portcullis as { record: string }).record);
  })();
  for (let record = 1; record <= 10; record++) {
    journal.write(`${eventLine(record)}\n`);
    await journal.flushed();
    await expect.poll(() => records.length, { timeout: 5_000 }).toBe(record + 1);
  }
  end.abort();
  await following;
  expect(records).toEqual(Array.from({ length: 11 }, (_, record) => `boot-${record}`));
});

test('a file that goes while it is read is counted', async () => {
  await written(...Array.from({ length: 20 }, (_, record) => eventLine(record)));
  const reader = readJournal({ directory: bench.directory });
  const lines = reader[Symbol.asyncIterator]();
  await lines.next();
  rmSync(join(bench.directory, bench.segments[1]!));
  let rest = 0;
  while (!(await lines.next()).done) rest++;
  expect(reader.counts.gone).toBe(1);
  expect(rest).toBeGreaterThan(5);
});
