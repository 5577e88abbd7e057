// The peers that Debian has, unpacked and never installed: their programs, and the libraries that a guest has not got already.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { downloadWithDependencies } from '../../scripts/lib/debian-archive.mjs';
import { withLock } from '../../scripts/lib/lock.mjs';
import { cacheDir } from '../../scripts/lib/paths.mjs';
import { run, step } from '../../scripts/lib/process.mjs';
import { guestPath, librariesOf } from '../../scripts/lib/shared-libraries.mjs';

/** One release for both kernels, so that only the kernel is another one. */
const SUITE = 'bookworm';

/** The packages, and what a guest gets of each. */
const PROGRAMS = {
  auditd: ['sbin/auditd', 'sbin/auditctl'],
  apparmor: ['sbin/apparmor_parser'],
  'tomoyo-tools': ['sbin/tomoyo-init', 'usr/sbin/tomoyo-loadpolicy', 'usr/sbin/tomoyo-setprofile'],
  fapolicyd: ['usr/sbin/fapolicyd', 'usr/share/fapolicyd/fapolicyd-magic.mgc'],
  'libmagic-mgc': ['usr/lib/file/magic.mgc'],
};

/** Every guest has these libraries from the machine it was made on. */
const NOT_FROM = /^(libc6|libc-bin|perl|libperl)/;

/** Where packages have them. */
const LIBRARY_DIRECTORIES = ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu', 'usr/lib'];

/** Where /usr/lib/file/magic.mgc is looked for. */
const MAGIC = '/usr/share/misc/magic.mgc';

/**
 * What a guest needs to run the peers; downloaded once (35 MB).
 * @returns {Promise<Record<string, string>>} path in the guest -> path here
 */
export async function peerFiles() {
  const held = createHash('sha256').update(JSON.stringify([PROGRAMS, LIBRARY_DIRECTORIES]));
  const directory = join(cacheDir(), 'peers', `${SUITE}-${held.digest('hex').slice(0, 8)}`);
  await withLock(join(cacheDir(), 'peers.lock'), async () => {
    if (!existsSync(directory)) await step('packages of peers (about 35 MB, once)', () => download(directory));
  });
  const files = {};
  // The loader's last resort: what the guest has of its own comes first.
  for (const name of await readdir(join(directory, 'lib'))) files[`/usr/lib/${name}`] = join(directory, 'lib', name);
  const programs = Object.values(PROGRAMS).flat();
  for (const path of programs) files[pathInGuest(path)] = join(directory, 'programs', basename(path));
  // Of the C library some parts are nobody's in a guest yet.
  const executables = programs.filter((path) => path.includes('sbin/'));
  const own = await librariesOf(executables.map((path) => join(directory, 'programs', basename(path))));
  for (const path of own) files[guestPath(path)] ??= path;
  return files;
}

/** Every guest has one directory of programs. @param {string} path in a package */
function pathInGuest(path) {
  if (path.endsWith('/magic.mgc')) return MAGIC;
  return path.includes('sbin/') ? `/usr/bin/${basename(path)}` : `/${path}`;
}

/** Becomes complete by one rename. @param {string} final */
async function download(final) {
  await mkdir(join(final, '..'), { recursive: true });
  const scratch = await mkdtemp(`${final}-`);
  try {
    const ready = join(scratch, 'ready');
    for (const part of ['lib', 'programs']) await mkdir(join(ready, part), { recursive: true });
    const debs = await downloadWithDependencies({ suite: SUITE, names: Object.keys(PROGRAMS), directory: scratch });
    for (const deb of debs) {
      const name = basename(deb).split('_', 1)[0];
      const tree = join(scratch, 'unpacked', name);
      await mkdir(tree, { recursive: true });
      await run(['dpkg-deb', '-x', deb, tree]);
      for (const path of PROGRAMS[name] ?? [])
        await copyFile(join(tree, path), join(ready, 'programs', basename(path)));
      if (!NOT_FROM.test(name)) await copyLibraries(tree, join(ready, 'lib'));
    }
    await rename(ready, final);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Libraries by the names that programs ask for, without the links to their versions. @param {string} tree @param {string} to */
async function copyLibraries(tree, to) {
  for (const directory of LIBRARY_DIRECTORIES) {
    const from = join(tree, directory);
    if (!existsSync(from)) continue;
    for (const name of await readdir(from)) {
      if (!/^lib.+\.so\.[\d.]+$/.test(name)) continue;
      await copyFile(await realpath(join(from, name)), join(to, name));
    }
  }
}
