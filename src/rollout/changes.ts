/** What a publisher does to releases. Pure: from the releases that are signed to those that shall be. */
import { PublishError, SelectorError } from './errors.js';
import { parseSelector } from './labels/selector.js';
import { limits } from './limits.js';
import { bakeOf, isPolicyName, type Release, type Stage } from './release.js';

export interface NewRelease {
  readonly policy: string;
  readonly hosts: string;
  /** In growing percentages; the last one is 100. */
  readonly stages: readonly Stage[];
  readonly limit: number;
  readonly sha256: string;
  readonly length: number;
}

/** The stages of a release when nobody says otherwise. */
export const defaultStages: readonly Stage[] = [
  { percent: 1, bake: 3600 },
  { percent: 10, bake: 3600 },
  { percent: 50, bake: 3600 },
  { percent: 100, bake: 600 },
];

/** Executables established on a host on which a release may act when nobody says otherwise. */
export const defaultLimit = 3;

/** Adds a release that reaches no host yet. Throws PublishError. */
export function addRelease(releases: readonly Release[], fresh: NewRelease, now: number): Release[] {
  const { policy, hosts, stages } = fresh;
  if (!isPolicyName(policy)) {
    throw new PublishError('policy', `"${policy}" is no name of a policy: lower-case letters, digits, - and _.`);
  }
  const known = new Set(releases.map((release) => release.policy));
  if (!known.has(policy) && known.size >= limits.policies.value) {
    throw new PublishError('policy', `A repository has at most ${limits.policies.value} policies.`);
  }
  checkSelector(hosts);
  checkStages(stages);
  const waiting = of(releases, policy).find(({ state }) => state === 'added');
  if (waiting !== undefined) {
    throw new PublishError('release', `${nameOf(waiting)} is added and not staged yet; stage it, or remove it.`);
  }
  return [
    ...releases,
    { ...fresh, release: nextNumber(releases, policy), state: 'added', stage: 0, since: seconds(now) },
  ];
}

/** Opens the first stage of an added release, or goes on with a paused one. Throws PublishError. */
export function stageRelease(releases: readonly Release[], policy: string, now: number): Release[] {
  const release = newest(releases, policy, ['added', 'paused'], 'to stage');
  return replace(releases, { ...release, state: 'staged', since: seconds(now) });
}

/**
 * Opens the next stage; after the last one the release is live and takes the place of what came before it. Throws
 * PublishError, also while hosts of the current stage may still have it on trial, unless that is to be ignored.
 */
export function promoteRelease(
  releases: readonly Release[],
  policy: string,
  { now, early }: { now: number; early: 'refuse' | 'allow' },
): Release[] {
  const release = newest(releases, policy, ['staged'], 'to promote');
  const ready = release.since + bakeOf(release);
  if (early === 'refuse' && seconds(now) < ready) {
    const until = new Date(ready * 1000).toISOString();
    throw new PublishError('release', `${nameOf(release)} is on trial on hosts of this stage until ${until}.`);
  }
  if (release.stage + 1 < release.stages.length) {
    return replace(releases, { ...release, stage: release.stage + 1, since: seconds(now) });
  }
  return settle(releases, { ...release, state: 'live', since: seconds(now) });
}

/** Stops a release where it is: hosts that enforce it keep it, no other gets it. Throws PublishError. */
export function pauseRelease(releases: readonly Release[], policy: string, now: number): Release[] {
  const release = newest(releases, policy, ['staged'], 'to pause');
  return replace(releases, { ...release, state: 'paused', since: seconds(now) });
}

/**
 * Restores an earlier release, as a new one and for all its hosts at once; what is newer is retired. `to`: its number;
 * without, the one before. Throws PublishError.
 */
export function rollbackRelease(
  releases: readonly Release[],
  policy: string,
  { to, now }: { to?: number; now: number },
): Release[] {
  const bad = newest(releases, policy, ['staged', 'paused', 'live'], 'to roll back');
  const earlier = of(releases, policy).filter(({ release, state }) =>
    to === undefined ? release < bad.release && state !== 'added' : release === to,
  );
  const source = earlier.at(-1);
  if (source === undefined) {
    throw new PublishError(
      'release',
      to === undefined ? `There is no release of ${policy} before ${bad.release}.` : `There is no ${policy} ${to}.`,
    );
  }
  const restored: Release = {
    ...source,
    release: nextNumber(releases, policy),
    state: 'live',
    stages: [{ percent: 100, bake: 0 }],
    stage: 0,
    since: seconds(now),
  };
  const retired = releases.map((release) =>
    release.policy === policy && release.release > source.release ? retire(release, now) : release,
  );
  return settle([...retired, restored], restored);
}

/** Takes all releases of a policy away. Throws PublishError. */
export function removePolicy(releases: readonly Release[], policy: string): Release[] {
  assertKnown(releases, policy);
  return releases.filter((release) => release.policy !== policy);
}

export function nameOf({ policy, release }: Pick<Release, 'policy' | 'release'>): string {
  return `${policy} ${release}`;
}

/** A release for all: older ones for the same hosts are retired, and the oldest of those dropped. */
function settle(releases: readonly Release[], live: Release): Release[] {
  const settled = replace(releases, live).map((release) => {
    const isOlder = release.policy === live.policy && release.release < live.release && release.state !== 'retired';
    return isOlder && (live.hosts === '' || live.hosts === release.hosts)
      ? retire(release, live.since * 1000)
      : release;
  });
  const retired = of(settled, live.policy).filter(({ state }) => state === 'retired');
  const dropped = new Set(retired.slice(0, Math.max(0, retired.length - limits.retired.value)));
  return settled.filter((release) => !dropped.has(release));
}

function retire(release: Release, now: number): Release {
  return release.state === 'retired' ? release : { ...release, state: 'retired', since: seconds(now) };
}

function replace(releases: readonly Release[], changed: Release): Release[] {
  return releases.map((release) =>
    release.policy === changed.policy && release.release === changed.release ? changed : release,
  );
}

/** Releases of a policy, oldest first. */
function of(releases: readonly Release[], policy: string): Release[] {
  return releases.filter((release) => release.policy === policy).sort((a, b) => a.release - b.release);
}

function newest(
  releases: readonly Release[],
  policy: string,
  states: readonly Release['state'][],
  what: string,
): Release {
  assertKnown(releases, policy);
  const found = of(releases, policy)
    .filter(({ state }) => states.includes(state))
    .at(-1);
  if (found === undefined) {
    throw new PublishError('release', `No release of ${policy} is ${states.join(' or ')}: there is nothing ${what}.`);
  }
  return found;
}

function assertKnown(releases: readonly Release[], policy: string): void {
  if (of(releases, policy).length > 0) return;
  const known = [...new Set(releases.map((release) => release.policy))].join(', ') || 'none';
  throw new PublishError('release', `There is no policy ${policy} in the repository; there are: ${known}.`);
}

function nextNumber(releases: readonly Release[], policy: string): number {
  return (of(releases, policy).at(-1)?.release ?? 0) + 1;
}

function checkSelector(hosts: string): void {
  try {
    parseSelector(hosts);
  } catch (error) {
    if (error instanceof SelectorError)
      throw new PublishError('policy', `The label expression is wrong: ${error.message}.`);
    throw error;
  }
}

function checkStages(stages: readonly Stage[]): void {
  if (stages.length > limits.stages.value) {
    throw new PublishError('policy', `A release has at most ${limits.stages.value} stages.`);
  }
  const grow = stages.every(({ percent }, at) => percent > (stages[at - 1]?.percent ?? 0));
  if (!grow || stages.at(-1)?.percent !== 100) {
    throw new PublishError('policy', 'The percentages of the stages grow, and the last is 100.');
  }
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
