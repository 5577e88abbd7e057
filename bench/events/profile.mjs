// A CPU profile of V8's, by the part of the project in which the time was spent.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SHOWN = 14;

/** @param {string} directory with one `.cpuprofile` @returns {[string, number][]} part and percent of the time that was not idle, largest first */
export function profileByModule(directory) {
  const file = readdirSync(directory).find((name) => name.endsWith('.cpuprofile'));
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const parts = new Map(nodes.map(({ id, callFrame }) => [id, partOf(callFrame)]));
  const times = new Map();
  let total = 0;
  samples.forEach((id, index) => {
    const part = parts.get(id);
    if (part === undefined) return;
    times.set(part, (times.get(part) ?? 0) + timeDeltas[index]);
    total += timeDeltas[index];
  });
  return [...times]
    .sort(([, one], [, other]) => other - one)
    .slice(0, SHOWN)
    .map(([part, time]) => [part, (100 * time) / total]);
}

/** Undefined: idle, or the start of the program. */
function partOf({ functionName, url }) {
  if (functionName === '(idle)' || url.includes('/compiler/') || url.includes('/modules/')) return undefined;
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (functionName.startsWith('RegExp: ')) return 'regular expressions';
  const ours = /\/dist\/(.*)\.js$/.exec(url);
  if (ours !== null) return ours[1];
  const theirs = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url);
  return theirs === null ? 'Node and V8' : theirs[1];
}
