// Takes the kernel proper out of a bzImage. Unpacking itself costs an emulated machine 4 s for xz and 1.5 s for zstd; the
// ELF file inside boots directly (PVH, CONFIG_PVH=y in Debian's kernels). The layout is in the kernel's
// Documentation/arch/x86/boot.rst.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { run } from './process.mjs';

/** Offsets into the set-up header. */
const SETUP_SECTORS = 0x1f1;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const SECTOR = 512;

/** The compressed part ends with its uncompressed size, four bytes that belong to no compression format. */
const SIZE_TRAILER = 4;

const FORMATS = [
  { magic: Buffer.from('fd377a585a00', 'hex'), suffix: 'xz', command: ['xz', '-d'] },
  { magic: Buffer.from('28b52ffd', 'hex'), suffix: 'zst', command: ['zstd', '-d', '-q', '--rm'] },
];

/**
 * Writes the uncompressed kernel.
 * @param {string} vmlinuz path of a bzImage
 * @param {string} output path of the ELF file to write
 * @returns {Promise<'extracted' | 'unknown-format'>} unknown-format when it is compressed some other way: nothing is
 *   written, and the bzImage itself has to be booted
 */
export async function extractKernel(vmlinuz, output) {
  const image = await readFile(vmlinuz);
  const start = ((image[SETUP_SECTORS] || 4) + 1) * SECTOR + image.readUInt32LE(PAYLOAD_OFFSET);
  const payload = image.subarray(start, start + image.readUInt32LE(PAYLOAD_LENGTH) - SIZE_TRAILER);
  const format = FORMATS.find(({ magic }) => payload.subarray(0, magic.length).equals(magic));
  if (format === undefined) return 'unknown-format';
  const compressed = `${output}.${format.suffix}`;
  await writeFile(compressed, payload);
  await run([...format.command, compressed]);
  await rm(compressed, { force: true });
  return 'extracted';
}
