// Set-up is inside the commands: each names what it needs, and only that is installed. Seconds when nothing is missing.
import { join } from 'node:path';
import { ensureKernel, KERNELS } from './kernels.mjs';
import { withLock } from './lock.mjs';
import { ensureNpmPackages } from './npm-packages.mjs';
import { cacheDir } from './paths.mjs';
import { NeedsHelpError } from './process.mjs';
import { ensurePackages } from './system-packages.mjs';

/** The oldest Node that runs the project: [major, minor]. */
const OLDEST_NODE = [20, 17];

/** What a command can ask for, and what each takes. */
const NEEDS = {
  build: { packages: ['build'], npm: 'install' },
  kernels: { packages: ['vm'], kernels: KERNELS },
  'kernel-6.1': { packages: ['vm'], kernels: ['6.1'] },
  'kernel-6.12': { packages: ['vm'], kernels: ['6.12'] },
  system: { packages: ['vm', 'system'], kernels: KERNELS },
  bpftool: { packages: ['bpftool'] },
  prometheus: { packages: ['prometheus'] },
};

/** @typedef {keyof typeof NEEDS} Need */

/**
 * @param {string} version as process.versions.node
 * @throws {NeedsHelpError} when it is too old
 */
export function checkNode(version) {
  const [major, minor] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new NeedsHelpError(
    `Node ${OLDEST_NODE.join('.')} or newer is needed and this is ${version}. Debian 13 has one (apt-get install nodejs npm); ` +
      'for Debian 12 and Ubuntu see https://github.com/nodesource/distributions, or unpack one from https://nodejs.org/download',
  );
}

/**
 * Installs what is missing for the given needs. Safe to call any number of times, from several processes at once.
 * @param {Need[]} needs
 * @throws {NeedsHelpError} when a person has to act first
 */
export async function setUp(needs) {
  checkNode(process.versions.node);
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new NeedsHelpError(`building and testing run on Linux on x86-64, not on ${process.platform} ${process.arch}`);
  }
  const wanted = needs.map((need) => NEEDS[need]);
  await withLock(join(cacheDir(), 'setup.lock'), async () => {
    await ensurePackages([...new Set(wanted.flatMap(({ packages }) => packages))]);
    if (wanted.some(({ npm }) => npm !== undefined)) await ensureNpmPackages();
  });
  for (const version of new Set(wanted.flatMap(({ kernels }) => kernels ?? []))) await ensureKernel(version);
}
