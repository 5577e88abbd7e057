// Packages of the distribution. Names hold on Debian 12 and 13 and on Ubuntu 24.04, apart from the alternatives below.
import { readFileSync } from 'node:fs';
import { attempt, CommandError, NeedsHelpError, say, step, which } from './process.mjs';

/**
 * What each need takes. A package is listed by what it is for; one that a machine may have under another name or as a
 * plain program names that program in `program`, which is then enough.
 */
const PACKAGES = {
  build: [
    { name: 'clang', program: 'clang' },
    { name: 'llvm', program: 'llvm-strip' },
    { name: 'libbpf-dev' },
    { name: 'libelf-dev' },
    { name: 'zlib1g-dev' },
    { name: 'pkg-config', program: 'pkg-config' },
    { name: 'make', program: 'make' },
    { name: 'gcc', program: 'gcc' },
    { name: 'g++', program: 'g++' },
    { name: 'libc6-dev' },
    { name: 'python3', program: 'python3' },
  ],
  bpftool: [{ name: isUbuntu() ? 'linux-tools-common' : 'bpftool', program: 'bpftool' }],
  vm: [
    { name: 'qemu-system-x86', program: 'qemu-system-x86_64' },
    { name: 'busybox-static', program: 'busybox' },
    { name: 'crun', program: 'crun' },
    { name: 'xz-utils', program: 'xz' },
    { name: 'zstd', program: 'zstd' },
    { name: 'debian-archive-keyring' },
  ],
  system: [
    { name: 'debootstrap', program: 'debootstrap' },
    { name: 'e2fsprogs', program: 'mke2fs' },
    { name: 'qemu-utils', program: 'qemu-img' },
  ],
  // Its package starts a server: only a machine that is made for tests gets it by itself.
  prometheus: [{ name: 'prometheus', program: 'promtool' }],
};

/** Needs that take system packages. */
export const packageNeeds = Object.keys(PACKAGES);

/** Ubuntu ships bpftool inside its kernel tools. */
function isUbuntu() {
  try {
    return /^ID(_LIKE)?=.*ubuntu/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/** @param {string[]} names @returns {Promise<Set<string>>} those that dpkg says are installed */
async function installed(names) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format language
  const format = '${Package} ${db:Status-Status}\\n';
  const { stdout } = await attempt(['dpkg-query', '-W', '-f', format, ...names]);
  const lines = stdout.split('\n').map((line) => line.split(' '));
  return new Set(lines.filter(([, status]) => status === 'installed').map(([name]) => name));
}

/**
 * The packages that are missing for some needs.
 * @param {string[]} needs of `packageNeeds`
 * @returns {Promise<string[]>}
 */
export async function missingPackages(needs) {
  const candidates = needs
    .flatMap((need) => PACKAGES[need])
    .filter(({ program }) => program === undefined || which(program) === undefined)
    .map(({ name }) => name);
  if (candidates.length === 0) return [];
  const present = await installed(candidates);
  return candidates.filter((name) => !present.has(name));
}

/**
 * Installs what is missing through apt-get when run as root.
 * @param {string[]} needs
 * @throws {NeedsHelpError} naming the command to run, when not root or not on a Debian-like system
 */
export async function ensurePackages(needs) {
  if (which('dpkg-query') === undefined || which('apt-get') === undefined) {
    throw new NeedsHelpError('set-up knows Debian 12 and 13 and Ubuntu only: neither dpkg-query nor apt-get is here');
  }
  const missing = await missingPackages(needs);
  if (missing.length === 0) return;
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing];
  if (process.getuid?.() !== 0) {
    throw new NeedsHelpError(`missing system packages; run\n\n  sudo apt-get update && sudo ${command.join(' ')}\n`);
  }
  say(`installing system packages: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await step('apt-get', async () => {
    // A list that cannot be refreshed may still be good enough; the install says what is wrong if it is not.
    await attempt(['apt-get', '-qq', 'update'], { env });
    const { status, stdout, stderr } = await attempt(command, { env });
    if (status !== 0) throw new CommandError(`${command.join(' ')}: status ${status}\n${stdout}${stderr}`);
  });
  const still = await missingPackages(needs);
  if (still.length > 0) throw new CommandError(`apt-get succeeded but these are still missing: ${still.join(' ')}`);
}
