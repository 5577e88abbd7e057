// The disk that system machines boot from: Debian with systemd, made by debootstrap once and kept in the cache.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { debianMirror } from '../debian-archive.mjs';
import { withLock } from '../lock.mjs';
import { cacheDir } from '../paths.mjs';
import { NeedsHelpError, run, step, which } from '../process.mjs';

/** The suite whose own nodejs is new enough for the agent. */
const SUITE = 'trixie';

/**
 * What the root has besides Debian's required packages: an init system, what the agent's package depends on (there is no
 * network in the machine to fetch it by), and what tests look with.
 */
const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'dbus', 'udev', 'kmod', 'procps', 'iproute2', 'curl', 'jq'],
  ...['nodejs', 'libbpf1', 'bpftool', 'prometheus'],
];

/** Raised when what follows from the same packages changes, so that old disks are not taken. */
const FORMAT = 1;

/** Of the disk, as the guest sees it; the file is sparse. */
const DISK_SIZE = '3G';

/** An unused disk is removed from the cache after this long (milliseconds). */
const KEEP_MS = 14 * 24 * 3600 * 1000;

/** Written over what debootstrap leaves. */
const FILES = {
  '/etc/hostname': 'portcullis-system\n',
  '/etc/hosts': '127.0.0.1 localhost portcullis-system\n::1 localhost\n',
  // A machine that has an id is not on its first boot.
  '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  '/etc/fstab': '/dev/vda / ext4 defaults,noatime 0 0\n',
  '/etc/apt/sources.list': '',
};

/** Started by who wants it: it takes its time in an emulated machine. */
const DISABLED = ['prometheus.service'];

/** Timers and terminals that no test wants, each a symbolic link to /dev/null. */
const MASKED = [
  ...['apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'e2scrub_all.timer', 'fstrim.timer'],
  ...['serial-getty@ttyS0.service', 'getty@tty1.service', 'systemd-firstboot.service', 'e2scrub_reap.service'],
];

/**
 * The disk, made when the cache has none of these packages. About 40 s and 250 MB once; concurrent calls wait for the first.
 * @returns {Promise<string>} path of a compressed qcow2 image, to be used as the backing file of others
 * @throws {NeedsHelpError} when not root: debootstrap changes its root directory
 */
export async function systemDisk() {
  const recipe = JSON.stringify([FORMAT, SUITE, PACKAGES, FILES, MASKED, DISABLED, DISK_SIZE]);
  const name = createHash('sha256').update(recipe).digest('hex').slice(0, 16);
  const path = join(cacheDir(), 'system', `${SUITE}-${name}.qcow2`);
  await withLock(join(cacheDir(), 'system.lock'), async () => {
    if (existsSync(path)) return utimes(path, new Date(), new Date());
    await step(`Debian ${SUITE} for system tests (about 250 MB, once)`, () => make(path));
    await removeOldDisks();
  });
  return path;
}

/** @param {string} path */
async function make(path) {
  if (process.getuid?.() !== 0) {
    throw new NeedsHelpError('debootstrap changes its root directory: run this once as root, then as anybody');
  }
  const directory = join(path, '..');
  await mkdir(directory, { recursive: true });
  const scratch = await mkdtemp(join(directory, 'making-'));
  try {
    const root = join(scratch, 'root');
    const include = `--include=${PACKAGES.join(',')}`;
    await run([needed('debootstrap'), '--variant=minbase', include, SUITE, root, await debianMirror()]);
    await configure(root);
    const disk = join(scratch, 'disk');
    const options = ['-q', '-F', '-t', 'ext4', '-E', 'lazy_itable_init=1', '-d', root];
    await run([needed('mke2fs'), ...options, disk, DISK_SIZE]);
    const image = join(scratch, 'image');
    await run([needed('qemu-img'), 'convert', '-f', 'raw', '-O', 'qcow2', disk, image]);
    await rename(image, path);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** @param {string} root */
async function configure(root) {
  for (const [file, text] of Object.entries(FILES)) await writeFile(join(root, file), text);
  await run(['systemctl', `--root=${root}`, '-q', 'mask', ...MASKED]);
  await run(['systemctl', `--root=${root}`, '-q', 'disable', ...DISABLED]);
  await rm(join(root, 'var/cache/apt'), { recursive: true, force: true });
  await rm(join(root, 'var/lib/apt/lists'), { recursive: true, force: true });
  // The journal stays in memory: it is read within a boot, and a disk under emulation is slow.
  await rm(join(root, 'var/log/journal'), { recursive: true, force: true });
}

/** @param {string} program @returns {string} */
function needed(program) {
  const path = which(program);
  if (path === undefined) throw new NeedsHelpError(`${program} is missing: run \`npm run setup\``);
  return path;
}

async function removeOldDisks() {
  const directory = join(cacheDir(), 'system');
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (Date.now() - (await stat(path)).mtimeMs > KEEP_MS) await rm(path, { recursive: true, force: true });
  }
}
