/** When the next poll is due. All times in milliseconds. */
import { limits } from '../limits.js';

/** The first poll of a host falls anywhere in its interval: a thousand hosts that start at once do not poll at once. */
export function firstDelay(interval: number, random: () => number): number {
  return Math.floor(interval * random());
}

/** After a poll that worked: the interval, a tenth more or less. */
export function nextDelay(interval: number, random: () => number): number {
  return atLeast(interval * (0.9 + 0.2 * random()));
}

/**
 * After `failures` polls in a row that failed: twice as long each time up to the limit, and anywhere in the upper half of
 * that, so that hosts that failed together do not come back together. `retryAfter` is what the server asks for; the hosts
 * it asks spread over an interval behind it.
 */
export function failureDelay(
  interval: number,
  { failures, retryAfter }: { failures: number; retryAfter?: number | undefined },
  random: () => number,
): number {
  const cap = Math.max(interval, limits.backOff.value);
  const longest = Math.min(cap, interval * 2 ** Math.min(failures, 30));
  const own = longest * (0.5 + 0.5 * random());
  return atLeast(retryAfter === undefined ? own : Math.max(own, retryAfter + interval * random()));
}

function atLeast(delay: number): number {
  return Math.max(limits.shortestPoll.value, Math.round(delay));
}
