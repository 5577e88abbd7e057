/** Counters that each processor has by itself. */
import type { BpfMap } from './addon.js';
import type { ProgramSet } from './programs.js';

/** Of the entry `key` of a per-CPU array of 64-bit numbers; 0 where there is no such entry. */
export function sumOfCpus(map: BpfMap, key: number): bigint {
  const bytes = map.lookup(new Uint8Array(Uint32Array.of(key).buffer));
  if (!bytes) return 0n;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0n;
  for (let at = 0; at < bytes.byteLength; at += 8) sum += view.getBigUint64(at, true);
  return sum;
}

/** Of the map `counters`, by name, summed over CPUs. */
export function countersOf(set: ProgramSet): Record<string, bigint> {
  const counters = set.map('counters');
  const names = set.abi.names('pc_counter', 'PC_COUNT_');
  return Object.fromEntries([...names].map(([key, name]) => [name, sumOfCpus(counters, key)]));
}
