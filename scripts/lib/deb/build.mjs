// The Debian package: laid out, described, and put together by dpkg-deb. The same sources give the same bytes.
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { addonPath } from '../addon.mjs';
import { buildDir, root } from '../paths.mjs';
import { attempt, CommandError, run } from '../process.mjs';
import { lockedPackages } from './locked-packages.mjs';
import { sbom } from './sbom.mjs';
import { neededLibraries } from './symbol-versions.mjs';
import { layOut } from './tree.mjs';

const SCRIPTS = ['postinst', 'prerm', 'postrm'];

/**
 * Builds the package from what is built already.
 * @param {object} [options]
 * @param {string} [options.directory] where it goes; default build/
 * @param {string} [options.version] default: that of package.json
 * @param {number} [options.epoch] seconds since 1970, the latest time of any file in it; default: sourceDateEpoch()
 * @returns {Promise<string>} path of the .deb
 */
export async function buildDeb({ directory = buildDir, version, epoch } = {}) {
  const wanted = version ?? JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).version;
  const time = epoch ?? (await sourceDateEpoch());
  const packages = await lockedPackages();
  const needed = await neededLibraries(addonPath);
  const libraries = [
    { name: 'libc6', version: needed.libc },
    { name: 'libstdc++6', version: needed.libstdcxx },
    { name: 'libbpf1', version: '1:1.1' },
  ];
  const scratch = await mkdtemp(join(tmpdir(), 'portcullis-deb-'));
  try {
    const target = join(scratch, 'tree');
    await mkdir(target);
    await layOut({
      target,
      version: wanted,
      packages,
      bom: sbom({ version: wanted, packages, libraries, epoch: time }),
    });
    await describe(target, wanted, libraries);
    const name = `portcullis_${wanted}_amd64.deb`;
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(time), TZ: 'UTC', LC_ALL: 'C' };
    // One thread: how xz cuts its blocks depends on their number.
    const how = ['--root-owner-group', '-Zxz', '-z6', '--threads-max=1', '--build'];
    await run(['dpkg-deb', ...how, target, join(scratch, name)], { env });
    await mkdir(directory, { recursive: true });
    await copyFile(join(scratch, name), join(directory, `${name}.new`));
    await rename(join(directory, `${name}.new`), join(directory, name));
    return join(directory, name);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * The time of the sources: SOURCE_DATE_EPOCH, else that of the checkout's last commit.
 * @returns {Promise<number>} seconds since 1970
 */
export async function sourceDateEpoch() {
  if (process.env.SOURCE_DATE_EPOCH) return Number(process.env.SOURCE_DATE_EPOCH);
  const { status, stdout } = await attempt(['git', 'log', '-1', '--format=%ct'], { cwd: root });
  if (status === 0 && stdout.trim() !== '') return Number(stdout);
  throw new CommandError('there is no git history to take the time of the sources from: set SOURCE_DATE_EPOCH');
}

/**
 * Writes DEBIAN/: control, conffiles, md5sums and the maintainer scripts.
 * @param {string} target
 * @param {string} version
 * @param {{name: string, version: string}[]} libraries
 */
async function describe(target, version, libraries) {
  const files = await filesOf(target);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(target, file))).size));
  const control = {
    Package: 'portcullis',
    Version: version,
    Architecture: 'amd64',
    Maintainer: 'Portcullis <portcullis@localhost>',
    'Installed-Size': Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / 1024),
    Depends: ['nodejs (>= 20.17)', ...libraries.map((library) => `${library.name} (>= ${library.version})`)].join(', '),
    Section: 'admin',
    Priority: 'optional',
    Description: 'Active Protection for Linux: decides execs inside the kernel',
  };
  const debian = join(target, 'DEBIAN');
  await mkdir(debian, { mode: 0o755 });
  const text = Object.entries(control).map(([key, value]) => `${key}: ${value}\n`);
  const about =
    ' Policies in SECL become tables that the kernel walks at every exec; BPF programs there refuse or kill what a policy\n' +
    ' names, before its first instruction. After installation the shipped policy reports only.\n';
  await writeFile(join(debian, 'control'), text.join('') + about);
  const conffiles = files.filter((file) => file.startsWith('etc/')).map((file) => `/${file}\n`);
  await writeFile(join(debian, 'conffiles'), conffiles.join(''));
  await writeFile(join(debian, 'md5sums'), (await Promise.all(files.map((file) => sumLine(target, file)))).join(''));
  for (const script of SCRIPTS) {
    await copyFile(join(root, 'deploy/deb', script), join(debian, script));
    await chmod(join(debian, script), 0o755);
  }
}

/** Regular files, sorted, relative to the directory. @param {string} directory @returns {Promise<string[]>} */
async function filesOf(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
}

/** @param {string} target @param {string} file */
async function sumLine(target, file) {
  const sum = createHash('md5')
    .update(await readFile(join(target, file)))
    .digest('hex');
  return `${sum}  ${file}\n`;
}
