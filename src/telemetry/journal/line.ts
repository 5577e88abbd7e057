/**
 * One line of the journal: a checksum, a space, and a line of the log as it is. So `cut -c10- SEGMENT | jq` reads a journal,
 * a line that was cut off or altered is told from a good one, and the next line break is where reading goes on.
 */
import { crc32 } from 'node:zlib';

/** Hexadecimal digits of the checksum: CRC-32 as in zlib, over the bytes of the text without its line break. */
const digits = 8;

/** `text` without a line break -> bytes with one. */
export function encodeLine(text: string): Buffer {
  const body = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.from(`${checksum(body)} `), body, Buffer.from('\n')]);
}

/** Bytes without the line break -> text; undefined for a line that is not whole. */
export function decodeLine(line: Buffer): string | undefined {
  const body = line.subarray(digits + 1);
  if (line.length <= digits + 1 || line.toString('latin1', 0, digits + 1) !== `${checksum(body)} `) return undefined;
  return body.toString('utf8');
}

function checksum(bytes: Buffer): string {
  return crc32(bytes).toString(16).padStart(digits, '0');
}
