// The part of a guest's file system that does not change between runs: node, a shell, tools, and what they load.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, realpath, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Archive } from './cpio.mjs';
import { cacheDir } from './paths.mjs';
import { attempt, CommandError, run, step, which } from './process.mjs';
import { guestPath, librariesOf } from './shared-libraries.mjs';

/** Raised when what follows from the same inputs changes, so that old archives are not taken. */
const FORMAT = 1;

/** An unused archive is removed from the cache after this long (milliseconds). */
const KEEP_MS = 7 * 24 * 3600 * 1000;

/** Taken from this machine when it has them, besides all of coreutils; the rest are busybox applets. */
const TOOLS = ['bash', 'dash', 'bpftool', 'grep', 'sed', 'find', 'xargs', 'setpriv', 'unshare', 'nsenter'];

/**
 * Applets without a name in the guest. The agent protects programs that give a login by their inode, and all applets
 * share one; init and package tools make no sense here.
 */
const LEFT_OUT = new Set(
  [
    'acpid',
    'dpkg',
    'dpkg-deb',
    'getty',
    'init',
    'linuxrc',
    'login',
    'rpm',
    'run-init',
    'su',
    'sulogin',
    'telnetd',
  ].concat(['busybox', 'getopt']),
);

const ACCOUNTS = {
  '/etc/passwd':
    'root:x:0:0:root:/root:/bin/bash\nuser:x:1000:1000:user:/home/user:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  '/etc/group': 'root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n',
  '/etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
  '/etc/hosts': '127.0.0.1 localhost portcullis-vm\n::1 localhost\n',
  '/etc/hostname': 'portcullis-vm\n',
  '/etc/shells': '/bin/sh\n/bin/bash\n',
};

/**
 * The archive, made when this machine's files are not those it was made from.
 * @returns {Promise<string>} path of an uncompressed cpio archive of about 130 MB
 */
export async function baseArchive() {
  const content = await baseContent();
  const path = join(cacheDir(), 'initramfs', `base-${await identityOf(content)}.cpio`);
  if (existsSync(path)) {
    const now = new Date();
    await utimes(path, now, now);
    return path;
  }
  await step('base file system for virtual machines', () => write(content, path));
  await removeOldArchives();
  return path;
}

/**
 * @typedef {object} BaseContent
 * @property {{paths: string[], hostPath: string}[]} files
 */

/** @returns {Promise<BaseContent>} */
async function baseContent() {
  const busybox = which('busybox');
  if (busybox === undefined) throw new CommandError('busybox is missing: run `npm run setup`');
  const programs = new Map([['/usr/bin/node', process.execPath]]);
  for (const name of [...(await coreutils()), ...TOOLS]) {
    const path = which(name);
    if (path !== undefined) programs.set(`/usr/bin/${name}`, await realpath(path));
  }
  if (!programs.has('/usr/bin/dash')) throw new CommandError('dash is missing: apt-get install dash');
  const applets = (await run([busybox, '--list'])).split('\n').filter((name) => name !== '' && !LEFT_OUT.has(name));
  const free = applets
    .map((name) => `/usr/bin/${name}`)
    .filter((path) => !programs.has(path) && path !== '/usr/bin/sh');
  const libraries = await librariesOf([...new Set(programs.values())]);
  return {
    files: [
      // Hard links, not symbolic ones, so that a program's path in the kernel's eyes is the one that was run.
      { paths: ['/usr/bin/busybox', ...free], hostPath: busybox },
      ...[...programs].map(([path, hostPath]) => ({
        paths: path === '/usr/bin/dash' ? [path, '/usr/bin/sh'] : [path],
        hostPath,
      })),
      ...libraries.map((path) => ({ paths: [guestPath(path)], hostPath: path })),
      ...(await externalBuiltins(libraries)).map((path) => ({ paths: [path], hostPath: path })),
    ],
  };
}

/**
 * Debian's node keeps a few of its built-in modules in files, whose names stand in its library. @param {string[]} libraries
 * @returns {Promise<string[]>}
 */
async function externalBuiltins(libraries) {
  const names = new Set();
  for (const library of libraries.filter((path) => basename(path).startsWith('libnode')))
    for (const [name] of (await readFile(library, 'latin1')).matchAll(/\/usr\/share\/nodejs\/[\w./-]+\.js/g))
      if (existsSync(name)) names.add(name);
  return [...names].sort();
}

/** Names of the programs of coreutils on this machine. */
async function coreutils() {
  const { stdout } = await attempt(['dpkg-query', '-L', 'coreutils']);
  return stdout
    .split('\n')
    .filter((path) => /^(\/usr)?\/s?bin\/[^/]+$/.test(path))
    .map((path) => basename(path));
}

/** A name that changes whenever a file of the archive does. @param {BaseContent} content */
async function identityOf(content) {
  const hash = createHash('sha256').update(`${FORMAT} ${JSON.stringify(ACCOUNTS)}\n`);
  for (const { paths, hostPath } of content.files) {
    const { size, mtimeMs } = await stat(hostPath);
    hash.update(`${paths.join(':')} ${hostPath} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** @param {BaseContent} content @param {string} path */
async function write(content, path) {
  const archive = new Archive();
  for (const name of ['proc', 'sys', 'dev', 'run', 'root', 'home', 'mnt', 'share', 'var/log', 'var/lib', 'etc'])
    archive.directory(name);
  archive.directory('tmp', 0o1777);
  for (const name of ['usr/bin', 'usr/lib', 'usr/lib64']) archive.directory(name);
  archive.symlink('usr/sbin', 'bin');
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) archive.symlink(name, `usr/${name}`);
  archive.symlink('var/run', '../run');
  // The kernel opens /dev/console for its first process, before anything is mounted.
  archive.characterDevice('dev/console', 5, 1);
  archive.characterDevice('dev/null', 1, 3);
  for (const [file, text] of Object.entries(ACCOUNTS)) archive.text(file, text);
  for (const { paths, hostPath } of content.files) await archive.file(paths, hostPath);
  await mkdir(join(path, '..'), { recursive: true });
  const scratch = `${path}.${process.pid}.tmp`;
  try {
    const output = await open(scratch, 'w');
    await archive.writeTo(output).finally(() => output.close());
    await rename(scratch, path);
  } finally {
    await rm(scratch, { force: true });
  }
}

async function removeOldArchives() {
  const directory = join(cacheDir(), 'initramfs');
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (Date.now() - (await stat(path)).mtimeMs > KEEP_MS) await rm(path, { force: true });
  }
}
