import { describe, expect, it } from 'vitest';
import {
  addRelease,
  type NewRelease,
  pauseRelease,
  promoteRelease,
  removePolicy,
  rollbackRelease,
  stageRelease,
} from '../../src/rollout/changes.js';
import { checkReleases, reachableSets } from '../../src/rollout/compatibility.js';
import type { Release } from '../../src/rollout/release.js';
import { policyText } from './publisher-support.js';

const hour = 3_600_000;
const fresh: NewRelease = {
  policy: 'miners',
  hosts: '',
  stages: [
    { percent: 10, bake: 3600 },
    { percent: 100, bake: 60 },
  ],
  limit: 3,
  sha256: 'a'.repeat(64),
  length: 10,
};
const states = (releases: readonly Release[]) =>
  releases.map(({ release, state, stage }) => `${release} ${state} ${stage}`);
const early = { early: 'allow' } as const;

function live(releases: readonly Release[], more: Partial<NewRelease> = {}, now = 0): Release[] {
  const policy = more.policy ?? 'miners';
  let next = stageRelease(
    addRelease(releases, { ...fresh, stages: [{ percent: 100, bake: 0 }], ...more }, now),
    policy,
    now,
  );
  next = promoteRelease(next, policy, { now, ...early });
  return next;
}

describe('a release', () => {
  it('goes from nowhere through its stages to all', () => {
    let now = live([]);
    now = addRelease(now, fresh, hour);
    expect(states(now)).toEqual(['1 live 0', '2 added 0']);
    now = stageRelease(now, 'miners', hour);
    expect(states(now)).toEqual(['1 live 0', '2 staged 0']);
    now = promoteRelease(now, 'miners', { now: 2 * hour, early: 'refuse' });
    expect(states(now)).toEqual(['1 live 0', '2 staged 1']);
    now = promoteRelease(now, 'miners', { now: 3 * hour, early: 'refuse' });
    expect(states(now)).toEqual(['1 retired 0', '2 live 1']);
  });

  it('is not promoted while hosts have it on trial, unless one insists', () => {
    const now = stageRelease(addRelease([], fresh, 0), 'miners', 0);
    expect(() => promoteRelease(now, 'miners', { now: hour - 1000, early: 'refuse' })).toThrow(
      /until 1970-01-01T01:00:00/,
    );
    expect(states(promoteRelease(now, 'miners', { now: hour - 1000, early: 'allow' }))).toEqual(['1 staged 1']);
  });

  it('is paused, and goes on where it was', () => {
    let now = promoteRelease(stageRelease(addRelease([], fresh, 0), 'miners', 0), 'miners', { now: 0, ...early });
    now = pauseRelease(now, 'miners', 0);
    expect(states(now)).toEqual(['1 paused 1']);
    expect(states(stageRelease(now, 'miners', 0))).toEqual(['1 staged 1']);
    expect(() => promoteRelease(now, 'miners', { now: 0, ...early })).toThrow(/nothing to promote/);
  });

  it('retires only what was for the same hosts', () => {
    const two = live(live([], { hosts: 'env=prod' }), { hosts: 'env=test' });
    expect(states(two)).toEqual(['1 live 0', '2 live 0']);
    expect(states(live(two, { hosts: '' }))).toEqual(['1 retired 0', '2 retired 0', '3 live 0']);
  });

  it('keeps five retired ones', () => {
    let now: Release[] = [];
    for (let round = 0; round < 8; round++) now = live(now);
    expect(states(now)).toEqual([
      '3 retired 0',
      '4 retired 0',
      '5 retired 0',
      '6 retired 0',
      '7 retired 0',
      '8 live 0',
    ]);
  });
});

describe('a rollback', () => {
  it('restores the one before under a higher number, for all hosts at once', () => {
    const bad = live(live([], { sha256: 'a'.repeat(64) }), { sha256: 'b'.repeat(64) });
    const now = rollbackRelease(bad, 'miners', { now: hour });
    expect(states(now)).toEqual(['1 retired 0', '2 retired 0', '3 live 0']);
    expect(now[2]).toMatchObject({ sha256: 'a'.repeat(64), stages: [{ percent: 100, bake: 0 }], since: 3600 });
  });

  it('of a stage puts its hosts back', () => {
    const staged = stageRelease(addRelease(live([]), { ...fresh, sha256: 'b'.repeat(64) }, 0), 'miners', 0);
    expect(states(rollbackRelease(staged, 'miners', { now: 0 }))).toEqual(['1 retired 0', '2 retired 0', '3 live 0']);
  });

  it('restores a named one', () => {
    const now = rollbackRelease(live(live(live([], { sha256: 'c'.repeat(64) }))), 'miners', { to: 1, now: 0 });
    expect(now.at(-1)).toMatchObject({ release: 4, sha256: 'c'.repeat(64) });
  });

  it('needs something to go back to', () => {
    expect(() => rollbackRelease(live([]), 'miners', { now: 0 })).toThrow(/no release of miners before 1/);
    expect(() => rollbackRelease(live([]), 'miners', { to: 7, now: 0 })).toThrow(/no miners 7/);
  });
});

describe('what makes no sense', () => {
  it.each([
    [{ policy: '../x' }, /no name/],
    [{ policy: 'Upper' }, /no name/],
    [{ hosts: 'env=' }, /label expression/],
    [{ stages: [] }, /the last is 100/],
    [{ stages: [{ percent: 50, bake: 0 }] }, /the last is 100/],
    [
      {
        stages: [
          { percent: 50, bake: 0 },
          { percent: 50, bake: 0 },
          { percent: 100, bake: 0 },
        ],
      },
      /grow/,
    ],
  ])('%j is refused', (wrong, why) => {
    expect(() => addRelease([], { ...fresh, ...wrong }, 0)).toThrow(why);
  });

  it('is a second release that waits, or a policy that is not there', () => {
    expect(() => addRelease(addRelease([], fresh, 0), fresh, 0)).toThrow(/not staged yet/);
    expect(() => stageRelease(live([]), 'other', 0)).toThrow(/there are: miners/);
    expect(() => stageRelease(live([]), 'miners', 0)).toThrow(/nothing to stage/);
    expect(removePolicy(live(live([])), 'miners')).toEqual([]);
  });
});

describe('policies that meet on a host', () => {
  const texts = new Map([
    ['a', policyText('a', 'same')],
    ['b', policyText('b', 'same')],
    ['c', policyText('c', 'other')],
    ['bad', 'rules: [{id: x, expression: "exec.nothing == 1"}]'],
  ]);
  const read = async ({ policy }: Release) => Buffer.from(texts.get(policy)!);
  const check = (releases: Release[]) => checkReleases(releases, read);

  it('conflict when they define one rule twice', async () => {
    await expect(check(live(live([], { policy: 'a' }), { policy: 'b' }))).rejects.toMatchObject({ code: 'conflict' });
    await expect(check(live(live([], { policy: 'a' }), { policy: 'c' }))).resolves.toBeUndefined();
  });

  it('do not when their labels exclude each other', async () => {
    const apart = live(live([], { policy: 'a', hosts: 'env=prod' }), { policy: 'b', hosts: 'env!=prod && x' });
    await expect(check(apart)).resolves.toBeUndefined();
    const meet = live(live([], { policy: 'a', hosts: 'env=prod' }), { policy: 'b', hosts: 'role=web' });
    await expect(check(meet)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('are seen in a release that is only added', async () => {
    await expect(check(addRelease(live([], { policy: 'a' }), { ...fresh, policy: 'b' }, 0))).rejects.toThrow(
      /a 1, b 1 together/,
    );
  });

  it('are refused alone when one does not check', async () => {
    await expect(check(live([], { policy: 'bad' }))).rejects.toMatchObject({ code: 'policy' });
  });

  it('are all the pairs of old and new', () => {
    let now = live(live([], { policy: 'a' }), { policy: 'c' });
    now = stageRelease(addRelease(now, { ...fresh, policy: 'a' }, 0), 'a', 0);
    expect(reachableSets(now).map((set) => set.map(({ policy, release }) => `${policy}${release}`).join())).toEqual([
      'a2,c1',
      'a1,c1',
    ]);
  });
});
