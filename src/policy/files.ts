/** Reads policy files from disk. */
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from './limits.js';
import type { PolicyFile } from './parse-file.js';
import { whyUnreadable } from './why-unreadable.js';

/** A path that was named cannot be read. */
export class PolicyFilesError extends Error {
  override readonly name = 'PolicyFilesError';
  readonly code: 'unreadable' | 'too-many';

  constructor(code: PolicyFilesError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** The reference product's own policy, which others override: it comes before them. */
const first = 'default.policy';

/**
 * Reads files, and of directories the `*.policy` files in them: `default.policy`, then the others by name. Throws
 * PolicyFilesError.
 */
export async function readPolicyFiles(paths: readonly string[]): Promise<PolicyFile[]> {
  const files: string[] = [];
  for (const path of paths) files.push(...(await expand(path)));
  if (files.length > limits.policyFiles.value) {
    const message = `${files.length} policy files; the limit is ${limits.policyFiles.value}.`;
    throw new PolicyFilesError('too-many', message);
  }
  const read: PolicyFile[] = [];
  for (const file of files) read.push({ file, text: await readBounded(file) });
  return read;
}

async function expand(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => name.endsWith('.policy') && !name.startsWith('.'));
    names.sort((a, b) => Number(b === first) - Number(a === first) || (a < b ? -1 : 1));
    return names.map((name) => join(path, name));
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The file's bytes, or one more than the limit allows: enough for the loader to refuse it without reading the rest. */
async function readBounded(path: string): Promise<Uint8Array> {
  try {
    const handle = await open(path, 'r');
    try {
      const chunks: Buffer[] = [];
      let size = 0;
      const chunk = Buffer.alloc(256 * 1024);
      while (size <= limits.fileBytes.value) {
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, null);
        if (bytesRead === 0) break;
        chunks.push(Buffer.from(chunk.subarray(0, bytesRead)));
        size += bytesRead;
      }
      return Buffer.concat(chunks);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): PolicyFilesError {
  return new PolicyFilesError('unreadable', `Cannot read ${path}: ${whyUnreadable(error)}.`);
}
