// What is in the package, for those who look for a vulnerable part: CycloneDX 1.5 as JSON.
import { createHash } from 'node:crypto';

/**
 * The same input gives the same text: the serial number comes from the components, the time from `epoch`.
 * @param {object} what
 * @param {string} what.version of the package
 * @param {import('./locked-packages.mjs').LockedPackage[]} what.packages
 * @param {{name: string, version: string}[]} what.libraries Debian packages that are loaded at run time, `version` the oldest
 * @param {number} what.epoch seconds since 1970
 * @returns {string}
 */
export function sbom({ version, packages, libraries, epoch }) {
  const own = {
    type: 'application',
    'bom-ref': 'portcullis',
    name: 'portcullis',
    version,
    licenses: licenses('Apache-2.0'),
  };
  const components = [
    ...packages.map((entry) => ({
      type: 'library',
      'bom-ref': purl(entry),
      ...groupAndName(entry.name),
      version: entry.version,
      purl: purl(entry),
      ...(entry.license && { licenses: licenses(entry.license) }),
      ...(entry.integrity && { hashes: hashes(entry.integrity) }),
    })),
    ...libraries.map((library) => ({
      type: 'library',
      'bom-ref': `pkg:deb/debian/${library.name}`,
      name: library.name,
      version: library.version,
      purl: `pkg:deb/debian/${library.name}`,
      description: 'Found on the host; the version is the oldest that will do.',
    })),
  ];
  const timestamp = new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');
  const content = { metadata: { timestamp, component: own }, components };
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  // A version 8 UUID: its bits are ours to choose.
  const uuid = digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5');
  const bom = { bomFormat: 'CycloneDX', specVersion: '1.5', serialNumber: `urn:uuid:${uuid}`, version: 1, ...content };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

/** @param {{name: string, version: string}} entry */
function purl({ name, version }) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/** @param {string} name */
function groupAndName(name) {
  const slash = name.indexOf('/');
  return slash < 0 ? { name } : { group: name.slice(0, slash), name: name.slice(slash + 1) };
}

/** An identifier of SPDX, or an expression of several. @param {string} license */
function licenses(license) {
  return /\s/.test(license) ? [{ expression: license }] : [{ license: { id: license } }];
}

/** @param {string} integrity */
function hashes(integrity) {
  const [algorithm, base64] = integrity.split(/-(.*)/s);
  return [{ alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(base64, 'base64').toString('hex') }];
}
