/** What `filters` can ask about a host. Read by host-facts.ts; here only the shape and how fields are found in it. */

export interface HostFacts {
  readonly os: string;
  readonly kernel: {
    readonly major: number;
    readonly minor: number;
    readonly patch: number;
    readonly abi: number;
    readonly flavor: string;
  };
  /** `ID`, `PLATFORM_ID` and `VERSION_ID` of /etc/os-release. */
  readonly release: { readonly id: string; readonly platformId: string; readonly versionId: string };
  readonly hostname: string;
  /** Environment of the agent, `NAME=value`. */
  readonly envs: readonly string[];
}

/** Linux of which nothing else is known. */
export const anyLinux: HostFacts = {
  os: 'linux',
  kernel: { major: 0, minor: 0, patch: 0, abi: 0, flavor: '' },
  release: { id: '', platformId: '', versionId: '' },
  hostname: '',
  envs: [],
};

export type HostValue = string | bigint | boolean | readonly string[];

type Getter = (host: HostFacts) => HostValue;

const enterprise = ['rhel', 'centos', 'rocky', 'almalinux'];

function isId(...ids: string[]): Getter {
  return ({ release }) => ids.includes(release.id);
}

function isMajor(major: string, ...ids: string[]): Getter {
  return ({ release }) => ids.includes(release.id) && release.versionId.split('.')[0] === major;
}

/** The fields of the filter language, by name. */
export const hostFields: ReadonlyMap<string, Getter> = new Map<string, Getter>([
  ['os', (host) => host.os],
  ['os.id', (host) => host.release.id],
  ['os.platform_id', (host) => host.release.platformId],
  ['os.version_id', (host) => host.release.versionId],
  ['os.is_amazon_linux', isId('amzn')],
  ['os.is_cos', isId('cos')],
  ['os.is_debian', isId('debian')],
  ['os.is_oracle', isId('ol')],
  ['os.is_rhel', isId(...enterprise)],
  ['os.is_rhel7', isMajor('7', ...enterprise)],
  ['os.is_rhel8', isMajor('8', ...enterprise)],
  ['os.is_sles', isId('sles', 'sled', 'sle_hpc')],
  ['os.is_sles12', isMajor('12', 'sles', 'sled')],
  ['os.is_sles15', isMajor('15', 'sles', 'sled')],
  ['kernel.version.major', (host) => BigInt(host.kernel.major)],
  ['kernel.version.minor', (host) => BigInt(host.kernel.minor)],
  ['kernel.version.patch', (host) => BigInt(host.kernel.patch)],
  ['kernel.version.abi', (host) => BigInt(host.kernel.abi)],
  ['kernel.version.flavor', (host) => host.kernel.flavor],
  // Portcullis is CO-RE and eBPF only.
  ['kernel.core.enabled', () => true],
  ['origin', () => 'ebpf'],
  ['hostname', (host) => host.hostname],
  ['envs', (host) => host.envs],
]);
