// src/ -> dist/, and the `portcullis` command of a built checkout.
import { chmod, lstat, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { run } from './process.mjs';
import { filesIn, isStale } from './staleness.mjs';

/** As old as the beginning of the last build. Not the compiler's own record: `tsc --noEmit` renews that and builds nothing. */
const stamp = join(root, 'dist', '.built');

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
  await writeFile(stamp, '');
  await utimes(stamp, begin, begin); // a source that changes meanwhile is newer
  return 'built';
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
