/** Makes a failing input smaller: takes out ever smaller pieces as long as it fails in the same way. */
import type { Judge } from './judge.js';
import { limits } from './limits.js';
import type { Try } from './targets.js';
import type { Failure } from './worker.js';

export async function minimise(judge: Judge, attempt: Try, input: string, failure: Failure): Promise<string> {
  const deadline = Date.now() + limits.minimiseMilliseconds;
  let smallest = input;
  for (let size = Math.ceil(input.length / 2); size >= 1 && Date.now() < deadline; ) {
    let shrunk = false;
    for (let at = 0; at < smallest.length && Date.now() < deadline; ) {
      const candidate = smallest.slice(0, at) + smallest.slice(at + size);
      const found = await judge.failureOf(attempt, candidate);
      if (found?.where === failure.where) {
        smallest = candidate;
        shrunk = true;
      } else {
        at += size;
      }
    }
    if (!shrunk || size > smallest.length) size = size === 1 ? 0 : Math.floor(size / 2);
  }
  return smallest;
}
