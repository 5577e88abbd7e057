/** Where this package lies, and what it says of itself. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const manifest = new URL('../../package.json', import.meta.url);

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return version;
}

/** Where a host's own policies are, and what messages tell people to look at. */
export const hostPolicies = '/etc/portcullis/policies';

/** The host's own policies if it has a place for them, otherwise those that came with the package. */
export function defaultPolicies(): string {
  return existsSync(hostPolicies) ? hostPolicies : fileURLToPath(new URL('./policies', manifest));
}

export const defaultConfigFile = '/etc/portcullis/portcullis.yaml';
