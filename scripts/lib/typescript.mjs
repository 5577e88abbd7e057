// src/ -> dist/, and the `portcullis` command of a built checkout.
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { run } from './process.mjs';
import { filesIn, isStale } from './staleness.mjs';

/** The compiler's own record of the last build; newer than every source when nothing changed. */
const stamp = join(root, 'dist', '.tsbuildinfo');

/** The TypeScript compiler's command line. */
export const tsc = join(root, 'node_modules', '.bin', 'tsc');

/**
 * Compiles src/ when one of its files changed.
 * @returns {Promise<'built' | 'unchanged'>}
 */
export async function buildTypeScript() {
  const sources = [join(root, 'tsconfig.json'), ...filesIn(join(root, 'src'), /\.ts$/)];
  if (!isStale(stamp, sources)) return 'unchanged';
  const begin = new Date();
  await run([tsc, '-p', 'tsconfig.json', '--pretty', 'false'], { cwd: root });
  await touch(stamp, begin);
  return 'built';
}

/**
 * The incremental compiler does not rewrite its record when the result is the same. The time is that of the beginning: a source
 * that changed meanwhile is newer.
 * @param {string} path
 * @param {Date} time
 */
async function touch(path, time) {
  if (existsSync(path)) await utimes(path, time, time);
}

/**
 * npm links the commands of dependencies but not those of the project itself; this link makes `npx --no-install
 * portcullis` work in a checkout.
 */
export async function linkCommand() {
  const directory = join(root, 'node_modules', '.bin');
  const link = join(directory, 'portcullis');
  await chmod(join(root, 'bin', 'portcullis.js'), 0o755);
  if ((await lstat(link).catch(() => undefined)) !== undefined) return;
  await mkdir(directory, { recursive: true });
  await symlink('../../bin/portcullis.js', link);
}
