/**
 * Where the kernel has all physical memory in its own address space, which differs from boot to boot. The headers of /proc/kcore, an ELF
 * core file, give virtual and physical addresses of each range of memory.
 */
import { closeSync, openSync, readSync } from 'node:fs';

export interface DirectMap {
  /** Kernel address of physical address 0; 0: not known. */
  readonly start: bigint;
  /** The bits that physical addresses of memory have; what else is in an entry of a page table is no address. */
  readonly mask: bigint;
}

const unknown: DirectMap = { start: 0n, mask: 0n };

const headerBytes = 64 * 1024;
const loadable = 1;
/** Kernel text and modules lie behind it, and are mapped a second time there. */
const textStart = 0xffff_ffff_0000_0000n;
const noAddress = 0xffff_ffff_ffff_ffffn;
/** The kernel puts the map at a multiple of this. Bytes. */
const granule = 1n << 30n;

/** From the file's first bytes. Not known when ranges contradict each other. */
export function directMapIn(core: Buffer): DirectMap {
  if (core.length < 64 || core.readUInt32BE(0) !== 0x7f454c46) return unknown;
  const table = Number(core.readBigUInt64LE(32));
  const size = core.readUInt16LE(54);
  const count = core.readUInt16LE(56);
  let start: bigint | undefined;
  let end = 0n;
  for (let at = table; at < table + count * size && at + 56 <= core.length; at += size) {
    const virtual = core.readBigUInt64LE(at + 16);
    const physical = core.readBigUInt64LE(at + 24);
    if (core.readUInt32LE(at) !== loadable || physical === noAddress || virtual >= textStart) continue;
    const here = virtual - physical;
    if (here % granule !== 0n || (start !== undefined && here !== start)) return unknown;
    start = here;
    const last = physical + core.readBigUInt64LE(at + 40);
    if (last > end) end = last;
  }
  if (start === undefined || end === 0n) return unknown;
  return { start, mask: (1n << BigInt((end - 1n).toString(2).length)) - 1n };
}

/** The beginning of /proc/kcore as the unit copies it at each start: from inside its sandbox the file itself cannot be opened. */
const copy = '/run/portcullis/kcore';

/**
 * Of this kernel, from the first of these files that says it. Not known where none can be read: without CAP_SYS_RAWIO, under lockdown, in a
 * kernel built without /proc/kcore.
 */
export function directMap(paths: readonly string[] = ['/proc/kcore', copy]): DirectMap {
  for (const path of paths) {
    const found = read(path);
    if (found.start !== 0n) return found;
  }
  return unknown;
}

function read(path: string): DirectMap {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return unknown;
  }
  try {
    const core = Buffer.alloc(headerBytes);
    return directMapIn(core.subarray(0, readSync(descriptor, core, 0, headerBytes, 0)));
  } catch {
    return unknown;
  } finally {
    closeSync(descriptor);
  }
}
