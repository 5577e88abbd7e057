// Which shared libraries programs load, and where a merged-/usr guest keeps them.
import { attempt } from './process.mjs';

/**
 * The libraries that programs need, the loader included. Programs that need none are fine.
 * @param {string[]} programs paths of ELF files
 * @returns {Promise<string[]>} full paths, sorted
 */
export async function librariesOf(programs) {
  if (programs.length === 0) return [];
  const { stdout } = await attempt(['ldd', ...programs]);
  const paths = [...stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map((match) => match[1]);
  return [...new Set(paths)].sort();
}

/** /lib, /lib64, /bin and /sbin are links into /usr in the guest; /usr/sbin is /usr/bin. @param {string} path */
export function guestPath(path) {
  return path.replace(/^\/(lib|lib64|bin|sbin)\//, '/usr/$1/').replace(/^\/usr\/sbin\//, '/usr/bin/');
}
