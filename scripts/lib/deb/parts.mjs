// What of the checkout the Debian package has, and where.
import { readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { root } from '../paths.mjs';

export const HOME = 'usr/lib/portcullis';
export const DOC = 'usr/share/doc/portcullis';

/** The files of a directory, one by one. @param {string} directory @param {(name: string) => boolean} wanted */
function filesOf(directory, wanted = () => true) {
  return readdirSync(join(root, directory))
    .filter(wanted)
    .sort()
    .map((name) => `${directory}/${name}`);
}

/** @type {readonly import('./parts.mjs').Part[]} */
export const PARTS = [
  { from: 'dist', to: `${HOME}/dist` },
  ...['exec', 'self'].map((name) => ({ from: `build/bpf/${name}.bpf.o`, to: `${HOME}/build/bpf/${name}.bpf.o` })),
  { from: 'policies', to: `${HOME}/policies` },
  { from: 'policies/cryptominer.policy', to: 'etc/portcullis/policies/cryptominer.policy' },
  { from: 'deploy/deb/portcullis.yaml', to: 'etc/portcullis/portcullis.yaml' },
  { from: 'deploy/deb/copyright', to: `${DOC}/copyright` },
  { from: 'deploy/systemd/portcullis.service', to: 'usr/lib/systemd/system/portcullis.service' },
  ...[...filesOf('deploy/prometheus'), ...filesOf('deploy/grafana')].map((from) => ({
    from,
    to: from.replace(/^deploy/, `${DOC}/examples`),
  })),
  ...filesOf('docs', (name) => name.endsWith('.md') || name === 'catalogue.yaml').map((from) => ({
    from,
    to: from.replace(/^docs/, DOC),
  })),
];

/** Whether a part is a page whose links `installedPage` makes lead somewhere. @param {import('./parts.mjs').Part} part */
export function isPage({ to }) {
  return dirname(to) === DOC && to.endsWith('.md');
}

/**
 * A page as it is installed. A link to what the package has leads to where that lies; one to anything else of the checkout is its text alone.
 * @param {string} text
 * @param {import('./parts.mjs').Part} part the page
 * @returns {string}
 */
export function installedPage(text, { from, to }) {
  // Code comes first, so that what looks like a link in it stays.
  const links = /```[\s\S]*?```|`[^`]+`|\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)/g;
  return text.replace(links, (link, words, path, heading = '') => {
    if (path === undefined || /^[a-z]+:/.test(path)) return link;
    const place = installedPlace(posix.join(dirname(from), path));
    return place === undefined ? words : `[${words}](${posix.relative(dirname(to), place)}${heading})`;
  });
}

/** Where a file or directory of the checkout lies in the package; undefined when it does not. @param {string} path */
function installedPlace(path) {
  for (const { from, to } of PARTS) {
    if (path === from || path.startsWith(`${from}/`)) return to + path.slice(from.length);
    // a directory of which the package has files
    if (from.startsWith(`${path}/`) && to.endsWith(from.slice(path.length)))
      return to.slice(0, path.length - from.length);
  }
  return undefined;
}
