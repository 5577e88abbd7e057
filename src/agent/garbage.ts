/** What a compilation leaves behind is given back: V8 collects when memory is asked for, and an agent that sleeps asks for none. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Milliseconds after the last compilation: until then what it made is being put to use. */
const PAUSE_MS = 10_000;

let pending: NodeJS.Timeout | undefined;

/** Collects everything, once, a while after the last call. */
export function collectSoon(collect: () => void = collectAll): void {
  clearTimeout(pending);
  pending = setTimeout(collect, PAUSE_MS).unref();
}

function collectAll(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  collect();
}
