// What the agent's heap holds after ever more events of ever new processes. Run with --expose-gc: what is counted is what is left.
import { jsonText } from '../../dist/events/json-text.js';
import { maker, recordOf } from './event-maker.mjs';

const EVERY = 10_000;

for (let number = 0; number <= Number(process.argv[2]); number++) {
  jsonText(maker.make(recordOf(number)).event);
  if (number % EVERY !== 0) continue;
  globalThis.gc();
  process.stdout.write(`${number} ${process.memoryUsage().heapUsed}\n`);
}
