/**
 * Lineage of processes that lived before an image: an iterator over all tasks names those without, whoever knows what they executed says
 * what that means to the image, and the next pass puts it in place. Forks and execs go on meanwhile, so it is done until nobody is left.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Abi } from './abi.js';
import type { BpfMap, Link } from './addon.js';

/** A set of lineage bits, by number. */
export interface LineageBits {
  yes: bigint;
  unknown: bigint;
}

/** A process without lineage; threads are not told apart. */
export interface Orphan {
  /** The exec by which it came to run what it runs, as in KernelRecord; 0n: one from before forks were followed. */
  exec: bigint;
  pid: number;
  ppid: number;
  /** When the process started, nanoseconds since boot. */
  start: bigint;
}

export interface Ancestry {
  /** What the exec is called from now on by which a process of exec 0n came to run what it runs. */
  exec: bigint;
  /** What the process runs. */
  self: LineageBits;
  /** What came before it. */
  ancestors: LineageBits;
}

/** Who knows what processes were. What is not told stays unknown, and rules that ask for it with it. */
export type AncestrySource = (orphan: Orphan) => Ancestry | undefined;

/** How long a swap waits for execs that happened meanwhile to be told, and how often it looks. */
const patienceMs = 2000;
const pauseMs = 5;
/** Passes that put something in place, at most: processes that fork without end must not hold a swap for ever. */
const mostPasses = 1000;

/** Gives every live task its lineage; without a source there is nothing to wait for. Resolves to how many processes are left without. */
export async function restoreLineage(
  { link, map, abi }: { link: Link; map: BpfMap; abi: Abi },
  source: AncestrySource | undefined,
): Promise<number> {
  if (source === undefined) return orphansOf(abi, link.readIterator()).length;
  const written: Uint8Array[] = [];
  let idleSince: number | undefined;
  try {
    for (let pass = 0; ; pass++) {
      const orphans = orphansOf(abi, link.readIterator());
      let told = 0;
      for (const orphan of orphans) {
        const ancestry = source(orphan);
        if (ancestry === undefined) continue;
        told += 1;
        const key = orphanKey(abi, orphan);
        map.update(key, ancestryBytes(abi, orphan, ancestry));
        written.push(key);
      }
      if (orphans.length === 0) return 0;
      if (pass === mostPasses) return orphans.length;
      // what was told is put in place by the next pass, however long telling took
      if (told > 0) idleSince = undefined;
      else idleSince ??= performance.now();
      if (idleSince !== undefined && performance.now() - idleSince > patienceMs) return orphans.length;
      // records of execs that happened meanwhile arrive in between
      await sleep(told > 0 ? 0 : pauseMs);
    }
  } finally {
    for (const key of written) map.delete(key);
  }
}

function orphansOf(abi: Abi, bytes: Uint8Array): Orphan[] {
  const { size, fields } = abi.struct('pc_orphan');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const orphans = new Map<string, Orphan>();
  for (let at = 0; at + size <= bytes.byteLength; at += size) {
    const orphan: Orphan = {
      exec: view.getBigUint64(at + fields.get('exec')!.offset, true),
      start: view.getBigUint64(at + fields.get('start')!.offset, true),
      pid: view.getUint32(at + fields.get('pid')!.offset, true),
      ppid: view.getUint32(at + fields.get('ppid')!.offset, true),
    };
    orphans.set(orphan.exec === 0n ? `pid ${orphan.pid}` : `exec ${orphan.exec}`, orphan);
  }
  return [...orphans.values()];
}

function orphanKey(abi: Abi, { exec, pid }: Orphan): Uint8Array {
  const { size, fields } = abi.struct('pc_ancestry_key');
  const key = new Uint8Array(size);
  const view = new DataView(key.buffer);
  view.setBigUint64(fields.get('exec')!.offset, exec, true);
  if (exec === 0n) view.setUint32(fields.get('pid')!.offset, pid, true);
  return key;
}

function ancestryBytes(abi: Abi, { start }: Orphan, { exec, self, ancestors }: Ancestry): Uint8Array {
  const { size, fields } = abi.struct('pc_ancestry');
  const value = new Uint8Array(size);
  const view = new DataView(value.buffer);
  const words = abi.number('pc_limit', 'PC_LINEAGE_WORDS');
  const put = (name: string, bits: bigint) => {
    for (let word = 0; word < words; word++)
      view.setBigUint64(fields.get(name)!.offset + word * 8, (bits >> BigInt(word * 64)) & 0xffffffffffffffffn, true);
  };
  view.setBigUint64(fields.get('start')!.offset, start, true);
  view.setBigUint64(fields.get('exec')!.offset, exec, true);
  put('self', self.yes);
  put('self_unknown', self.unknown);
  put('ancestors', ancestors.yes);
  put('ancestors_unknown', ancestors.unknown);
  return value;
}
