/** What a set of programs with larger slots has from the one whose place it takes. */
import type { BpfMap } from './addon.js';
import type { ProgramSet } from './programs.js';

/** Execs of one CPU that both sets may decide while one takes the place of the other: no two are called the same. */
const decidedMeanwhile = 1n << 20n;
/** Entries of the map `sequence`. */
const numbers = { record: 0, exec: 1 } as const;

/** Copies what is kept by executable or by rule. */
export function copyEntries(name: 'established' | 'trips', from: ProgramSet, to: ProgramSet): void {
  const old = from.map(name);
  const fresh = to.map(name);
  for (const key of old.keys()) fresh.update(key, old.lookup(key) ?? new Uint8Array(old.valueSize));
}

/**
 * Records and execs are numbered on from where `from` is, a map `sequence` as `to` is: a record is known by its numbers, whatever set it
 * comes from. Nothing must be decided by `to` yet.
 */
export function countOn(from: BpfMap, to: BpfMap): void {
  for (const number of Object.values(numbers)) {
    const key = new Uint8Array(Uint32Array.of(number).buffer);
    const [old, own] = [from.lookup(key), to.lookup(key)];
    if (old === undefined || own === undefined) continue;
    const [before, after] = [viewOf(old), viewOf(own)];
    for (let at = 0; at < own.byteLength; at += 8) {
      const next = before.getBigUint64(at, true) + (number === numbers.exec ? decidedMeanwhile : 0n);
      if (next > after.getBigUint64(at, true)) after.setBigUint64(at, next, true);
    }
    to.update(key, own);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
