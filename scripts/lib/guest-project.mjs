// The built project as a guest sees it, under /usr/lib/portcullis, with `portcullis` on the PATH.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addonPath } from './addon.mjs';
import { root } from './paths.mjs';
import { programDir } from './programs.mjs';
import { guestPath, librariesOf } from './shared-libraries.mjs';

/** Where the project is installed in the guest. */
export const guestProjectDir = '/usr/lib/portcullis';

/** The test programs of test/vm/programs. */
export const guestProgramDir = `${guestProjectDir}/programs`;

/** What a host that runs the agent has; a part that is not built yet is left out. */
const PARTS = ['package.json', 'bin', 'dist', 'build/bpf', 'policies', 'deploy'];

/** Development files of dependencies that nothing loads at run time. */
const UNUSED = /\.(map|md|d\.ts|d\.mts|d\.cts)$/;

/**
 * Adds the project to an archive.
 * @param {import('./cpio.mjs').Archive} archive
 */
export async function addProject(archive) {
  for (const part of PARTS) {
    const path = join(root, part);
    if (existsSync(path)) await archive.tree(join(guestProjectDir, part), path, (file) => !UNUSED.test(file));
  }
  if (existsSync(programDir)) await archive.tree(guestProgramDir, programDir);
  if (existsSync(addonPath)) {
    await archive.file([join(guestProjectDir, 'build/Release/portcullis.node')], addonPath);
    for (const library of await librariesOf([addonPath])) await archive.file([guestPath(library)], library);
  }
  for (const path of await productionDependencies()) {
    await archive.tree(join(guestProjectDir, path), join(root, path), (file) => !UNUSED.test(file));
  }
  archive.symlink('/usr/bin/portcullis', join(guestProjectDir, 'bin/portcullis.js'));
}

/** Directories under node_modules that are installed without --omit=dev only. @returns {Promise<string[]>} */
async function productionDependencies() {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && !entry.dev && !entry.devOptional && existsSync(join(root, path)))
    .map(([path]) => path);
}
