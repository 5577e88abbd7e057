/** Reading a journal's lines from a position on, whatever state its bytes are in. */
import { limits } from '../limits.js';
import type { JournalFiles } from './files.js';
import { decodeLine } from './line.js';

export interface Block {
  /** Texts of whole lines. */
  readonly lines: string[];
  /** Lines that were cut off or altered. */
  readonly damaged: number;
  /** The offset behind the last line that was looked at. */
  readonly next: number;
}

const lineBreak = 0x0a;

/**
 * Some lines of a segment from `offset` on, none of them past `end`. Without `end`: as far as there are line breaks. Nothing
 * is read when `next` is `offset`. Rejects with ENOENT when the segment is gone.
 */
export async function readBlock(files: JournalFiles, segment: number, offset: number, end?: number): Promise<Block> {
  const lines: string[] = [];
  let damaged = 0;
  let from = 0;
  const bytes = await bytesWithBreak(files, segment, offset, end);
  for (let at = bytes.indexOf(lineBreak); at >= 0; at = bytes.indexOf(lineBreak, from)) {
    const text = decodeLine(bytes.subarray(from, at));
    if (text === undefined) damaged++;
    else lines.push(text);
    from = at + 1;
  }
  return { lines, damaged, next: offset + from };
}

/** As many bytes as it takes to find a line break, if there is one. */
async function bytesWithBreak(files: JournalFiles, segment: number, offset: number, end?: number): Promise<Buffer> {
  for (let length: number = limits.journalRead.value; ; length *= 2) {
    const wanted = end === undefined ? length : Math.min(length, end - offset);
    const bytes = await files.read(segment, offset, wanted);
    if (bytes.includes(lineBreak) || bytes.length < length) return bytes;
  }
}
