import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directMap, directMapIn } from '../../src/kernel/direct-map.js';

interface Range {
  readonly virtual: bigint;
  readonly physical: bigint;
  readonly bytes: bigint;
  readonly type?: number;
}

/** A core file's header and program headers, nothing behind them. */
function core(ranges: readonly Range[]): Buffer {
  const file = Buffer.alloc(64 + ranges.length * 56);
  file.writeUInt32BE(0x7f454c46, 0);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(ranges.length, 56);
  ranges.forEach(({ virtual, physical, bytes, type = 1 }, index) => {
    const at = 64 + index * 56;
    file.writeUInt32LE(type, at);
    file.writeBigUInt64LE(virtual, at + 16);
    file.writeBigUInt64LE(physical, at + 24);
    file.writeBigUInt64LE(bytes, at + 40);
  });
  return file;
}

const base = 0xffff_9a40_0000_0000n;
const low = { virtual: base + 0x1000n, physical: 0x1000n, bytes: 0x9e000n };
const high = { virtual: base + 0x10_0000n, physical: 0x10_0000n, bytes: 0x7fee_0000n };
const text = { virtual: 0xffff_ffff_9000_0000n, physical: 0x900_0000n, bytes: 0x200_0000n };
const vmalloc = { virtual: 0xffff_b000_0000_0000n, physical: 0xffff_ffff_ffff_ffffn, bytes: 0x1fff_ffff_ffffn };

describe('directMapIn', () => {
  it('tells where physical memory begins, and the bits of all that may be plugged in', () => {
    expect(directMapIn(core([text, vmalloc, low, high]))).toEqual({ start: base, mask: 0x3fff_ffff_ffffn });
  });

  it('counts more bits where page tables have five levels', () => {
    const five = 0xff11_0000_0000_0000n;
    const ranges = [low, high].map((range) => ({ ...range, virtual: five + range.physical }));
    expect(directMapIn(core(ranges))).toEqual({ start: five, mask: 0x7_ffff_ffff_ffffn });
  });

  it.each([
    ['ranges contradict each other', core([low, { ...high, virtual: high.virtual + (1n << 30n) }])],
    ['the map begins where no kernel puts it', core([{ ...low, virtual: low.virtual + 0x1000n }])],
    ['there is no range of memory', core([text, vmalloc])],
    ['no header is loadable', core([{ ...low, type: 4 }])],
    ['the file is no ELF', Buffer.alloc(4096)],
    ['the file is empty', Buffer.alloc(0)],
  ])('does not know when %s', (_why, file) => {
    expect(directMapIn(file)).toEqual({ start: 0n, mask: 0n });
  });
});

describe('directMap', () => {
  it('does not know where there is no core file', () => {
    expect(directMap(['/nowhere/kcore'])).toEqual({ start: 0n, mask: 0n });
  });

  it('is known from the first file that says it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'portcullis-kcore-'));
    try {
      const copy = join(directory, 'kcore');
      const empty = join(directory, 'empty');
      writeFileSync(copy, core([low]));
      writeFileSync(empty, '');
      expect(directMap(['/nowhere/kcore', empty, copy])).toEqual(directMapIn(core([low])));
      expect(directMap([copy]).start).not.toBe(0n);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
