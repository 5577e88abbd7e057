// How many bytes of heap an event takes, from the kernel's record to its JSON. Run with --expose-gc and a young generation that nothing
// is collected from meanwhile, so that what is in use afterwards is what was allocated: no clock, and the same each time.
import { maker, recordOf } from '../../bench/lib/event-maker.mjs';
import { jsonText } from '../../dist/events/json-text.js';

const EVENTS = 1000;

function tell(from) {
  let characters = 0;
  for (let number = from; number < from + EVENTS; number++) {
    const made = maker.make(recordOf(number));
    characters += jsonText(made.event).length;
  }
  return characters;
}

/** Bytes in use after a collection, and then after `EVENTS` events. */
function allocated(from) {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  tell(from);
  return (process.memoryUsage().heapUsed - before) / EVENTS;
}

// The first rounds pay for code that is compiled meanwhile.
const rounds = Array.from({ length: 8 }, (_, round) => allocated(round * EVENTS));
process.stdout.write(`${Math.min(...rounds.slice(4))}\n`);
