// The files of the Debian package, laid out under a directory as they will lie on a host.
import { chmod, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { addonPath } from '../addon.mjs';
import { root } from '../paths.mjs';
import { run } from '../process.mjs';
import { DOC, HOME, installedPage, isPage, PARTS } from './parts.mjs';

/** Development files, of dependencies and of our own, that nothing loads at run time. */
const UNUSED = /(\.(map|md|markdown|ts|mts|cts|flow|yml)|\/(\.[^/]+|test|tests|benchmarks?|docs|examples?|__tests__))$/;

/**
 * @param {object} what
 * @param {string} what.target the directory, which exists and is empty
 * @param {string} what.version written into the package's package.json
 * @param {import('./locked-packages.mjs').LockedPackage[]} what.packages
 * @param {string} what.bom the bill of materials
 */
export async function layOut({ target, version, packages, bom }) {
  const place = (path) => join(target, path);
  for (const { from, to } of [...PARTS, ...packages.map(({ path }) => ({ from: path, to: `${HOME}/${path}` }))])
    await copy(join(root, from), place(to));
  for (const part of PARTS.filter(isPage))
    await writeFile(place(part.to), installedPage(await readFile(join(root, part.from), 'utf8'), part));
  await mkdir(place(`${HOME}/build/Release`), { recursive: true });
  await run(['strip', '--strip-unneeded', '-o', place(`${HOME}/build/Release/portcullis.node`), addonPath]);
  await writeFile(place(`${HOME}/package.json`), await manifest(version));
  await placeLauncher(place);
  await writeFile(place(`${DOC}/sbom.cdx.json`), bom);
  const changelog = `portcullis (${version}) unstable; urgency=medium\n\n  * See the history of the repository.\n\n`;
  await writeFile(place(`${DOC}/changelog.gz`), gzipSync(changelog, { level: 9 }));
  // Whoever builds may have any umask; what is installed has the usual permissions.
  await run(['chmod', '-R', 'u=rwX,go=rX', target]);
}

/**
 * One program, one exec: the kernel starts node for it without a shell or env in between, and a link gives it its name.
 * @param {(path: string) => string} place
 */
async function placeLauncher(place) {
  const launcher = `${HOME}/bin/portcullis.js`;
  const text = await readFile(join(root, 'bin/portcullis.js'), 'utf8');
  await mkdir(dirname(place(launcher)), { recursive: true });
  await writeFile(place(launcher), text.replace(/^#!.*/, '#!/usr/bin/node'));
  await chmod(place(launcher), 0o755);
  await mkdir(place('usr/bin'), { recursive: true });
  await symlink('../lib/portcullis/bin/portcullis.js', place('usr/bin/portcullis'));
}

/** What the program reads of its own package.json, and what tells a person where it came from. @param {string} version */
async function manifest(version) {
  const { name, description, license, type, engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  return `${JSON.stringify({ name, version, description, license, type, engines }, null, 2)}\n`;
}

/** @param {string} from @param {string} to */
async function copy(from, to) {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => path === from || isKept(path),
  });
}

/** Packages inside packages have entries of their own in the lock; a licence comes along whatever its file is called. @param {string} path */
function isKept(path) {
  const name = basename(path);
  return /^(licen[cs]e|notice)/i.test(name) || !(UNUSED.test(path) || name === 'node_modules');
}
