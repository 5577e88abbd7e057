// Packages of any Debian suite, without touching what the machine itself has installed or configured.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, CommandError, run } from './process.mjs';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const PUBLIC_MIRROR = 'http://deb.debian.org/debian';

/**
 * The Debian mirror that this machine's apt uses, else the public one. `PORTCULLIS_MIRROR` overrides it.
 * @returns {Promise<string>}
 */
export async function debianMirror() {
  if (process.env.PORTCULLIS_MIRROR) return process.env.PORTCULLIS_MIRROR;
  const { stdout } = await attempt(['apt-get', 'indextargets', '--format', '$(REPO_URI)']);
  const mirror = stdout.split('\n').find((uri) => /\/debian\/?$/.test(uri));
  return (mirror ?? PUBLIC_MIRROR).replace(/\/$/, '');
}

/**
 * An apt of its own for one suite: it reads and changes nothing of the machine's, and needs no root.
 * @param {string} suite
 * @param {string} directory where its state goes
 * @returns {Promise<{options: string[], mirror: string}>} options for apt-get and apt-cache; its lists are fresh
 * @throws {CommandError} when the mirror cannot be reached
 */
async function privateApt(suite, directory) {
  const mirror = await debianMirror();
  const state = join(directory, 'apt');
  await mkdir(join(state, 'lists', 'partial'), { recursive: true });
  await mkdir(join(state, 'archives', 'partial'), { recursive: true });
  await writeFile(join(state, 'status'), '');
  await writeFile(join(state, 'sources.list'), `deb [signed-by=${KEYRING}] ${mirror} ${suite} main\n`);
  const settings = {
    Dir: '/',
    'Dir::State': state,
    'Dir::State::lists': join(state, 'lists'),
    'Dir::State::status': join(state, 'status'),
    'Dir::Cache': state,
    'Dir::Cache::archives': join(state, 'archives'),
    'Dir::Etc::sourcelist': join(state, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'APT::Architecture': 'amd64',
    'APT::Architectures': 'amd64',
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': '',
    'APT::Update::Error-Mode': 'any',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'Debug::NoLocking': '1',
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  await run(['apt-get', ...options, '-qq', 'update']);
  return { options, mirror };
}

/**
 * Downloads the newest package whose name matches, out of one suite, with an apt state of its own (no root needed).
 * @param {{suite: string, name: RegExp, search: string, directory: string}} wanted `search` is what apt-cache is asked
 *   for, `name` which of its answers count, `directory` an empty directory for apt's state and the package
 * @returns {Promise<{package: string, file: string}>} the package's name and the path of the .deb
 * @throws {CommandError} when the mirror cannot be reached or has no such package
 */
export async function downloadPackage({ suite, name, search, directory }) {
  const { options, mirror } = await privateApt(suite, directory);
  const found = (await run(['apt-cache', ...options, 'pkgnames', search]))
    .split('\n')
    .filter((line) => name.test(line));
  const newest = found.sort(compareVersions).at(-1);
  if (newest === undefined) throw new CommandError(`${mirror} ${suite} has no package like ${search}*`);
  await run(['apt-get', ...options, '-qq', 'download', newest], { cwd: directory });
  const file = (await readdir(directory)).find((entry) => entry.endsWith('.deb'));
  if (file === undefined) throw new CommandError(`apt-get download ${newest} left no file in ${directory}`);
  return { package: newest, file: join(directory, file) };
}

/**
 * Downloads packages and all that they depend on, as if nothing were installed.
 * @param {{suite: string, names: string[], directory: string}} wanted `directory`: an empty one
 * @returns {Promise<string[]>} paths of the .deb files
 * @throws {CommandError} when the mirror cannot be reached or lacks one of them
 */
export async function downloadWithDependencies({ suite, names, directory }) {
  const { options } = await privateApt(suite, directory);
  await run(['apt-get', ...options, '-qq', '-y', '--download-only', 'install', ...names]);
  const archives = join(directory, 'apt', 'archives');
  return (await readdir(archives)).filter((entry) => entry.endsWith('.deb')).map((entry) => join(archives, entry));
}

/** Orders names by the numbers in them, so that 6.1.0-9 comes before 6.1.0-47. @param {string} a @param {string} b */
function compareVersions(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}
