// Where things are: the checkout, what is built in it, and the cache outside it.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout this script belongs to, without a trailing slash. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** What is built but is not TypeScript: BPF objects, test programs, reports. Ignored by git. */
export const buildDir = join(root, 'build');

/**
 * Downloads and archives that outlive a checkout (kernels, base initramfs). About 300 MB when full; safe to delete,
 * it is filled again when needed.
 */
export function cacheDir() {
  const { PORTCULLIS_CACHE, XDG_CACHE_HOME } = process.env;
  if (PORTCULLIS_CACHE) return PORTCULLIS_CACHE;
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'portcullis');
}
