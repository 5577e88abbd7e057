import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Journal, JournalDirectory, readJournal } from '../../../src/telemetry/journal/index.js';
import { FileSink } from '../../../src/telemetry/sink.js';
import { recordsOf } from './support.js';

const KILLS = 8;
const agent = fileURLToPath(new URL('./killed-agent.mjs', import.meta.url));

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'portcullis-killed-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** The last line that one agent could have let the kernel forget, before it was killed some milliseconds after its first. */
async function killed(run: number, milliseconds: number): Promise<number> {
  const child = spawn(process.execPath, [agent, join(place, 'journal'), join(place, 'log'), String(run)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += String(chunk);
  });
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  child.kill('SIGKILL');
  await once(child, 'close');
  return Number(said.split('\n').at(-2));
}

test(`after ${KILLS} agents killed at any moment, the log has every line that the kernel was allowed to forget`, async () => {
  const forgotten: string[] = [];
  for (let run = 0; run < KILLS; run++) {
    const last = await killed(run, Math.random() * 100);
    for (let number = 0; number <= last; number++) forgotten.push(`${run}-${number}`);
  }
  const log = new FileSink({ to: 'file', path: join(place, 'log') });
  const journal = new Journal(new JournalDirectory(join(place, 'journal')), log, {
    size: 50_000_000,
    sync: 'never',
    onChange: () => {},
  });
  await journal.open();
  await journal.delivered();
  await journal.close();
  log.close();
  const logged = new Set(recordsOf(wholeLines(readFileSync(join(place, 'log'), 'utf8'))));
  expect(forgotten.filter((record) => !logged.has(record))).toEqual([]);
  expect(forgotten.length).toBeGreaterThan(KILLS);
  const reader = readJournal({ directory: join(place, 'journal') });
  const kept = new Set<string>();
  for await (const { portcullis } of reader) kept.add((portcullis as { record: string }).record);
  expect(forgotten.filter((record) => !kept.has(record))).toEqual([]);
  // At most the line that each agent was writing.
  expect(reader.counts.damaged).toBeLessThanOrEqual(KILLS);
}, 120_000);

/** A killed agent may have left the log in the middle of a line; the next one writes that line again. */
function wholeLines(text: string): string[] {
  return text.split('\n').filter((line) => {
    try {
      return line !== '' && typeof JSON.parse(line) === 'object';
    } catch {
      return false;
    }
  });
}
