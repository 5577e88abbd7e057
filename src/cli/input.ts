/** Files that verbs read; `-` is standard input. */
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { whyUnreadable } from '../policy/why-unreadable.js';
import { type Io, UsageError } from './verb.js';

/** Throws UsageError when there is no such file. */
export async function openInput(path: string, io: Io): Promise<Readable> {
  if (path === '-') return io.stdin;
  try {
    const file = await open(path, 'r');
    if (!(await file.stat()).isDirectory()) return file.createReadStream();
    await file.close();
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${whyUnreadable(error)}.`);
  }
  throw new UsageError(`Cannot read ${path}: it is a directory.`);
}

/** All of it as text. */
export async function readAll(input: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}
