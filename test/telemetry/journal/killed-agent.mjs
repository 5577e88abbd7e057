// Writes lines into a journal until it is killed; says on standard output which ones it could have let the kernel forget.
import { writeSync } from 'node:fs';
import { Journal, JournalDirectory } from '../../../dist/telemetry/journal/index.js';
import { FileSink } from '../../../dist/telemetry/sink.js';

const [directory, logFile, run] = process.argv.slice(2);
const log = new FileSink({ to: 'file', path: logFile });
const journal = new Journal(new JournalDirectory(directory), log, {
  size: 50_000_000,
  sync: 'never',
  onChange: () => {},
});
await journal.open();
for (let number = 0; ; number++) {
  const record = `${run}-${number}`;
  journal.write(`${JSON.stringify({ time: new Date().toISOString(), portcullis: { record }, msg: 'event' })}\n`);
  if (number % 7 !== 0) continue;
  await journal.flushed();
  writeSync(1, `${number}\n`);
}
