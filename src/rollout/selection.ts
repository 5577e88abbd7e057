/** Which releases a host should have. */
import { createHash } from 'node:crypto';
import { type Labels, parseSelector, selects } from './labels/selector.js';
import { type Release, shareOf, targetName } from './release.js';

/** A host as selection sees it. */
export interface Host {
  /** Stable and unique, such as /etc/machine-id. It is hashed and goes nowhere. */
  readonly id: string;
  readonly labels: Labels;
}

/**
 * Where a host stands among all hosts for this release: 0 to 9999, the same each time. Different for each policy and
 * release, so that it is not always the same hosts that come first.
 */
export function placeOf(host: Pick<Host, 'id'>, { policy, release }: Pick<Release, 'policy' | 'release'>): number {
  const hash = createHash('sha256').update(`portcullis rollout\0${policy}\0${release}\0${host.id}`).digest();
  // 2^48 places are so many that the remainder favours none of 10,000 by more than 1 in 10^10.
  return hash.readUIntBE(0, 6) % 10_000;
}

/** The stage in which the release reaches this host: an index into its stages. */
export function stageOf(host: Host, release: Release): number {
  const place = placeOf(host, release);
  const stage = release.stages.findIndex(({ percent }) => place < Math.round(percent * 100));
  return stage < 0 ? release.stages.length : stage;
}

/**
 * One release a policy: of those that select the host, the newest. A paused one only where `enforced` has it (names of
 * targets). Sorted by policy name, `default` first, which is the order in which they merge.
 */
export function select(releases: readonly Release[], host: Host, enforced: ReadonlySet<string>): Release[] {
  const chosen = new Map<string, Release>();
  for (const release of releases) {
    if (!reaches(release, host, enforced)) continue;
    const other = chosen.get(release.policy);
    if (other === undefined || other.release < release.release) chosen.set(release.policy, release);
  }
  return [...chosen.values()].sort(byPolicy);
}

/** The order in which policies merge: as in a directory of policies. */
export function byPolicy(a: Pick<Release, 'policy'>, b: Pick<Release, 'policy'>): number {
  return Number(b.policy === 'default') - Number(a.policy === 'default') || (a.policy < b.policy ? -1 : 1);
}

function reaches(release: Release, host: Host, enforced: ReadonlySet<string>): boolean {
  if (!selects(parseSelector(release.hosts), host.labels)) return false;
  switch (release.state) {
    case 'live':
      return true;
    case 'staged':
      return placeOf(host, release) < shareOf(release);
    case 'paused':
      return enforced.has(targetName(release));
    case 'added':
    case 'retired':
      return false;
  }
}
