// node_modules, as package-lock.json says.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { run, step } from './process.mjs';

/** Holds the hash of the lock file that node_modules was installed from; npm ci removes it with the directory. */
const stamp = join(root, 'node_modules', '.portcullis-lock');

/** npm's own record of what it installed, for a node_modules that somebody filled with `npm ci` by hand. */
const npmRecord = join(root, 'node_modules', '.package-lock.json');

/**
 * Runs `npm ci` when node_modules is absent or was installed from another lock file.
 * Set-up may run before its dependencies exist, so nothing here is imported from node_modules.
 */
export async function ensureNpmPackages() {
  const lock = await readFile(join(root, 'package-lock.json'), 'utf8');
  const hash = createHash('sha256').update(lock).digest('hex');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')).trim() === hash) return;
  if (!existsSync(npmRecord) || !(await matchesLock(lock))) {
    await step('npm packages', () => run(['npm', 'ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: root }));
  }
  await writeFile(stamp, `${hash}\n`);
}

/** True when npm's record names the same versions as the lock, optional packages of other platforms aside. @param {string} lock */
async function matchesLock(lock) {
  const wanted = JSON.parse(lock).packages;
  const present = JSON.parse(await readFile(npmRecord, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' || (present[path] === undefined ? entry.optional : present[path].version === entry.version),
  );
}
