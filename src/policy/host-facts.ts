/** Reads the facts of this host that `filters` ask about. */
import { readFileSync } from 'node:fs';
import { hostname, release } from 'node:os';
import type { HostFacts } from './host.js';

export function readHostFacts(): HostFacts {
  const os = osRelease();
  return {
    os: process.platform,
    kernel: parseKernelRelease(release()),
    release: { id: os.get('ID') ?? '', platformId: os.get('PLATFORM_ID') ?? '', versionId: os.get('VERSION_ID') ?? '' },
    hostname: hostname(),
    envs: Object.entries(process.env).map(([name, value]) => `${name}=${value}`),
  };
}

/** `6.1.0-18-amd64` is version 6.1.0, abi 18, flavor amd64. */
export function parseKernelRelease(text: string): HostFacts['kernel'] {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?(?:-(\d+)(?:[.\d]*)(?:-(.+))?)?/.exec(text);
  return {
    major: Number(match?.[1] ?? 0),
    minor: Number(match?.[2] ?? 0),
    patch: Number(match?.[3] ?? 0),
    abi: Number(match?.[4] ?? 0),
    flavor: match?.[5] ?? '',
  };
}

function osRelease(): Map<string, string> {
  for (const file of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return parseOsRelease(readFileSync(file, 'utf8'));
    } catch {
      // The other place, or a host without the file: then nothing is known of its distribution.
    }
  }
  return new Map();
}

/** The variables of os-release(5): one shell assignment a line. */
export function parseOsRelease(text: string): Map<string, string> {
  const variables = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Z_0-9]+)=(.*?)\s*$/.exec(line);
    if (match !== null) variables.set(match[1]!, match[2]!.replace(/^(["'])(.*)\1$/, '$2'));
  }
  return variables;
}
