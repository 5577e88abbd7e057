// The production dependencies, as package-lock.json pins them.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../paths.mjs';

/**
 * @typedef {object} LockedPackage
 * @property {string} path under the checkout, as node_modules/name
 * @property {string} name with its scope
 * @property {string} version
 * @property {string | undefined} license
 * @property {string | undefined} integrity as npm writes it: `sha512-` and base64
 */

/** What is installed without --omit=dev only is left out. @returns {Promise<LockedPackage[]>} by path */
export async function lockedPackages() {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && !entry.dev && !entry.devOptional && existsSync(join(root, path)))
    .map(([path, { version, license, integrity }]) => ({
      path,
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      ...{ version, license, integrity },
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
