/**
 * Where the kernel has all physical memory in its own address space, which differs from boot to boot. The headers of /proc/kcore, an ELF
 * core file, give virtual and physical addresses of each range of memory.
 */
import { closeSync, openSync, readSync } from 'node:fs';

export interface DirectMap {
  /** Kernel address of physical address 0; 0: not known. */
  readonly start: bigint;
  /** The bits of an entry of a page table that are an address of memory. */
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

/** Where the map begins at most when page tables have five levels. */
const fourLevels = 0xffff_8000_0000_0000n;
/**
 * What the map can hold: 64 TiB with four levels of page tables. All of it and not only today's memory, as more may be plugged in, and an
 * address cut short is another page. Encryption of memory marks entries by bit 47 or 51, which is none of the address; bit 51 where there
 * are five levels. An entry beyond what is there reads nothing.
 */
const maskOf = (start: bigint) => (1n << (start < fourLevels ? 51n : 46n)) - 1n;

/** From the file's first bytes. Not known when ranges contradict each other. */
export function directMapIn(core: Buffer): DirectMap {
  if (core.length < 64 || core.readUInt32BE(0) !== 0x7f454c46) return unknown;
  const table = Number(core.readBigUInt64LE(32));
  const size = core.readUInt16LE(54);
  const count = core.readUInt16LE(56);
  let start: bigint | undefined;
  for (let at = table; at < table + count * size && at + 56 <= core.length; at += size) {
    const virtual = core.readBigUInt64LE(at + 16);
    const physical = core.readBigUInt64LE(at + 24);
    if (core.readUInt32LE(at) !== loadable || physical === noAddress || virtual >= textStart) continue;
    const here = virtual - physical;
    if (here % granule !== 0n || (start !== undefined && here !== start)) return unknown;
    start = here;
  }
  return start === undefined ? unknown : { start, mask: maskOf(start) };
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
