// The kernels that virtual machines boot: Debian's own, downloaded as packages and unpacked into the cache, never
// installed. Of each about 100 MB package only the kernel and a handful of modules are kept (70 MB, uncompressed).
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadPackage } from './debian-archive.mjs';
import { extractKernel } from './kernel-image.mjs';
import { moduleName, readModuleInfo } from './kernel-modules.mjs';
import { withLock } from './lock.mjs';
import { cacheDir } from './paths.mjs';
import { CommandError, run, step } from './process.mjs';

/** Which package is which kernel. The name excludes the cloud and real-time flavours. */
const SOURCES = {
  6.1: { suite: 'bookworm', search: 'linux-image-6.1.', name: /^linux-image-6\.1\.[\d.-]+-amd64-unsigned$/ },
  6.12: { suite: 'trixie', search: 'linux-image-6.12.', name: /^linux-image-6\.12\.[\d.]+\+deb13-amd64-unsigned$/ },
};

/** The kernels, oldest first. */
export const KERNELS = Object.freeze(['6.1', '6.12']);

/** Loaded by every guest before anything else: the way its output leaves. */
export const BOOT_MODULES = ['virtio_pci', 'virtio_console'];

/** Loaded by a guest with a disk before anything else: where its root file system is. */
export const DISK_MODULES = ['virtio_pci', 'virtio_blk', 'crc32c_generic', 'ext4'];

/** Carried for `modprobe` in a guest: container-like file systems and networks, what systemd mounts on demand, other kinds of programs. */
const EXTRA_MODULES = ['overlay', 'loop', 'veth', 'dummy', 'bridge', 'autofs4', 'binfmt_misc'];

/** What the cache must have been filled with; the number changes when its layout does. */
const WANTED = ['layout-2', ...new Set([...BOOT_MODULES, ...DISK_MODULES, ...EXTRA_MODULES])];

/**
 * @typedef {object} Kernel
 * @property {string} version '6.1' or '6.12'
 * @property {string} release as `uname -r` says
 * @property {string} package the Debian package it came from
 * @property {string} image path of what qemu boots: an ELF file, or a bzImage that could not be taken apart
 * @property {{name: string, file: string, depends: string[], aliases: string[]}[]} modules each after those it needs
 */

/** Named after what it holds, so that checkouts of different ages share a cache in peace. @param {string} version */
function directoryOf(version) {
  const held = createHash('sha256').update(WANTED.join()).digest('hex').slice(0, 8);
  return join(cacheDir(), 'kernels', `${version}-${held}`);
}

/**
 * The kernel in the cache, or undefined when it is missing or was cached with another list of modules.
 * @param {string} version
 * @returns {Promise<Kernel | undefined>}
 */
export async function cachedKernel(version) {
  const directory = directoryOf(version);
  const stamp = join(directory, 'kernel.json');
  if (!existsSync(stamp)) return undefined;
  const { wanted, ...kernel } = JSON.parse(await readFile(stamp, 'utf8'));
  if (wanted.join() !== WANTED.join()) return undefined;
  return {
    ...kernel,
    image: join(directory, kernel.image),
    modules: kernel.modules.map((module) => ({ ...module, file: join(directory, `${module.name}.ko`) })),
  };
}

/**
 * The kernel, downloaded first when the cache lacks it. Concurrent calls wait for the first.
 * @param {string} version
 * @returns {Promise<Kernel>}
 */
export async function ensureKernel(version) {
  if (!(version in SOURCES)) {
    throw new CommandError(`there is no kernel ${version} to boot, only ${KERNELS.join(' and ')}`);
  }
  const cached = await cachedKernel(version);
  if (cached !== undefined) return cached;
  return withLock(join(cacheDir(), `kernel-${version}.lock`), async () => {
    if ((await cachedKernel(version)) === undefined) {
      await step(`kernel ${version} for virtual machines (about 100 MB, once)`, () => download(version));
    }
    const kernel = await cachedKernel(version);
    if (kernel === undefined) throw new CommandError(`kernel ${version} did not unpack into ${directoryOf(version)}`);
    return kernel;
  });
}

/**
 * Everything happens in a scratch directory that becomes the kernel's directory by one rename, so an interrupted
 * download leaves nothing that looks complete.
 * @param {string} version
 */
async function download(version) {
  const final = directoryOf(version);
  await mkdir(join(cacheDir(), 'kernels'), { recursive: true });
  const scratch = await mkdtemp(join(cacheDir(), 'kernels', 'download-'));
  try {
    const { package: name, file } = await downloadPackage({ ...SOURCES[version], directory: scratch });
    const unpacked = join(scratch, 'unpacked');
    await run(['dpkg-deb', '-x', file, unpacked]);
    const ready = join(scratch, 'ready');
    await mkdir(ready);
    const image = (await readdir(join(unpacked, 'boot'))).find((entry) => entry.startsWith('vmlinuz-'));
    if (image === undefined) throw new CommandError(`${name} holds no /boot/vmlinuz-*`);
    const vmlinuz = join(unpacked, 'boot', image);
    const extracted = (await extractKernel(vmlinuz, join(ready, 'vmlinux'))) === 'extracted';
    if (!extracted) await copyFile(vmlinuz, join(ready, 'vmlinuz'));
    const release = image.slice('vmlinuz-'.length);
    const modules = await keepModules(await moduleTree(unpacked, release), ready);
    // The stamp is written last.
    const stamp = {
      version,
      release,
      package: name,
      image: extracted ? 'vmlinux' : 'vmlinuz',
      wanted: WANTED,
      modules,
    };
    await writeFile(join(ready, 'kernel.json'), `${JSON.stringify(stamp, null, 2)}\n`);
    await rm(final, { recursive: true, force: true });
    await rename(ready, final);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** @param {string} unpacked @param {string} release @returns {Promise<string>} /lib/modules/RELEASE, wherever /lib is */
async function moduleTree(unpacked, release) {
  const tree = ['lib', 'usr/lib']
    .map((lib) => join(unpacked, lib, 'modules', release))
    .find((path) => existsSync(path));
  if (tree === undefined) throw new CommandError(`the kernel package holds no modules for ${release}`);
  return tree;
}

/**
 * Copies the wanted modules and all they need, uncompressed, into one flat directory.
 * @param {string} tree
 * @param {string} target
 */
async function keepModules(tree, target) {
  const files = new Map();
  for (const entry of await readdir(tree, { recursive: true })) {
    if (/\.ko(\.xz)?$/.test(entry)) files.set(moduleName(entry), join(tree, entry));
  }
  const builtin = new Set(
    (await readFile(join(tree, 'modules.builtin'), 'utf8')).split('\n').filter(Boolean).map(moduleName),
  );
  /** @type {Map<string, {name: string, depends: string[], aliases: string[]}>} */
  const kept = new Map();
  const keep = async (name) => {
    if (kept.has(name) || builtin.has(name)) return;
    const source = files.get(name);
    if (source === undefined) throw new CommandError(`the kernel package has no module ${name}`);
    const file = join(target, `${name}.ko`);
    if (source.endsWith('.xz')) {
      await copyFile(source, `${file}.xz`);
      await run(['xz', '-d', `${file}.xz`]);
    } else {
      await copyFile(source, file);
    }
    const { depends, aliases } = await readModuleInfo(file);
    for (const needed of depends) await keep(needed);
    kept.set(name, { name, depends: depends.filter((needed) => kept.has(needed)), aliases });
  };
  for (const name of new Set([...BOOT_MODULES, ...DISK_MODULES, ...EXTRA_MODULES])) await keep(name);
  return [...kept.values()];
}
