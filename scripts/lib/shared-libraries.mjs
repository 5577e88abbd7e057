// Which shared libraries programs load, and where a merged-/usr guest keeps them.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDir } from './paths.mjs';
import { attempt } from './process.mjs';

/**
 * The libraries that programs need, the loader included. Programs that need none are fine. Asking the loader about a
 * hundred programs takes a second, so the answer is kept until one of the programs or libraries changes.
 * @param {string[]} programs paths of ELF files
 * @returns {Promise<string[]>} full paths, sorted
 */
export async function librariesOf(programs) {
  if (programs.length === 0) return [];
  const key = createHash('sha256')
    .update(await fingerprint(programs))
    .digest('hex')
    .slice(0, 16);
  const memory = join(cacheDir(), 'libraries', `${key}.json`);
  const known = await readFile(memory, 'utf8').then(JSON.parse, () => undefined);
  if (known !== undefined && known.fingerprint === (await fingerprint(known.libraries))) return known.libraries;
  const { stdout } = await attempt(['ldd', ...programs]);
  const paths = [...stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map((match) => match[1]);
  const libraries = [...new Set(paths)].sort();
  await mkdir(join(cacheDir(), 'libraries'), { recursive: true });
  await writeFile(`${memory}.${process.pid}`, JSON.stringify({ fingerprint: await fingerprint(libraries), libraries }));
  await rename(`${memory}.${process.pid}`, memory);
  return libraries;
}

/** Changes when any of the files does. @param {string[]} paths */
async function fingerprint(paths) {
  const lines = paths.map(async (path) => {
    const stats = await stat(path).catch(() => undefined);
    return `${path} ${stats?.size} ${stats?.mtimeMs}\n`;
  });
  return (await Promise.all(lines)).join('');
}

/** /lib, /lib64, /bin and /sbin are links into /usr in the guest; /usr/sbin is /usr/bin. @param {string} path */
export function guestPath(path) {
  return path.replace(/^\/(lib|lib64|bin|sbin)\//, '/usr/$1/').replace(/^\/usr\/sbin\//, '/usr/bin/');
}
