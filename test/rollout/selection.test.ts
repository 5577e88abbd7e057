import { describe, expect, it } from 'vitest';
import { labelCombinations } from '../../src/rollout/labels/combinations.js';
import { type Labels, parseSelector, selects } from '../../src/rollout/labels/selector.js';
import type { Release } from '../../src/rollout/release.js';
import { releaseOf } from '../../src/rollout/release.js';
import { placeOf, select, stageOf } from '../../src/rollout/selection.js';

const holds = (text: string, labels: Labels) => selects(parseSelector(text), labels);

describe('label expressions', () => {
  it.each([
    ['', {}, true],
    ['env=prod && role in [web, api]', { env: 'prod', role: 'api' }, true],
    ['env=prod && role in [web, api]', { env: 'prod', role: 'db' }, false],
    ['env == prod', { env: 'prod' }, true],
    ['env="prod"', { env: 'prod' }, true],
    ['env=prod', {}, false],
    ['env!=prod', {}, true],
    ['env!=prod', { env: 'prod' }, false],
    ['role not in [web, api]', { role: 'db' }, true],
    ['role not in [web]', {}, true],
    ['canary', { canary: '' }, true],
    ['canary', {}, false],
    ['!canary', {}, true],
    ['!!canary', { canary: 'x' }, true],
    ['a=1 || b=1 && c=1', { a: '1' }, true],
    ['(a=1 || b=1) && c=1', { a: '1' }, false],
    ['!(a=1 || b=1)', { b: '1' }, false],
    ['constructor', {}, false],
    ['toString=x', {}, false],
  ] as [string, Labels, boolean][])('%s on %j: %s', (text, labels, expected) => {
    expect(holds(text, labels)).toBe(expected);
  });

  it.each([
    ['env=', 4],
    ['env=prod &&', 11],
    ['env=prod role=web', 9],
    ['role in web', 8],
    ['role in []', 9],
    ['role in [a', 10],
    ['(a=1', 4],
    ['a=1)', 3],
    ['a = $x', 4],
    ['a not [b]', 6],
    ['&& a', 0],
  ])('%s is wrong at %d', (text, start) => {
    expect(() => parseSelector(text)).toThrow(expect.objectContaining({ code: 'selector', start }));
  });

  it('has bounds', () => {
    expect(() => parseSelector(`${'('.repeat(21)}a${')'.repeat(21)}`)).toThrow(/too many/);
    expect(() => parseSelector('a'.repeat(5_000))).toThrow(/at most 4096/);
    expect(holds(`${'('.repeat(20)}a${')'.repeat(20)}`, { a: '' })).toBe(true);
  });
});

describe('combinations of labels', () => {
  it('cover each named value, another, and absence', () => {
    const found = labelCombinations([parseSelector('env=prod'), parseSelector('env=test || canary')]);
    expect(found).toHaveLength(4 * 2);
    expect(found).toContainEqual({});
    expect(found).toContainEqual({ env: 'another', canary: 'another' });
  });

  it('are given up where they are too many', () => {
    const many = Array.from({ length: 13 }, (_, at) => parseSelector(`k${at}=v`));
    expect(labelCombinations(many)).toBeUndefined();
  });
});

const base: Release = {
  policy: 'miners',
  release: 1,
  state: 'live',
  hosts: '',
  stages: [
    { percent: 10, bake: 60 },
    { percent: 50, bake: 60 },
    { percent: 100, bake: 60 },
  ],
  stage: 0,
  since: 0,
  limit: 3,
  sha256: '0'.repeat(64),
  length: 1,
};
const hosts = Array.from({ length: 20_000 }, (_, at) => ({ id: `host-${at}`, labels: {} }));
const chosenBy = (releases: Release[], host = hosts[0]!, enforced: string[] = []) =>
  select(releases, host, new Set(enforced)).map(({ policy, release }) => `${policy} ${release}`);

describe('the share of the hosts', () => {
  const next: Release = { ...base, release: 2, state: 'staged' };

  it('is what the stage says, to a percent', () => {
    for (const [stage, share] of [
      [0, 0.1],
      [1, 0.5],
      [2, 1],
    ] as const) {
      const count = hosts.filter((host) => chosenBy([{ ...next, stage }], host).length === 1).length;
      expect(Math.abs(count / hosts.length - share)).toBeLessThan(0.01);
    }
  });

  it('only grows from stage to stage', () => {
    for (const host of hosts.slice(0, 2_000)) {
      const [first, second] = [0, 1].map((stage) => chosenBy([{ ...next, stage }], host).length);
      expect(second).toBeGreaterThanOrEqual(first!);
    }
  });

  it('is of other hosts for another release, so that it is not always the same that come first', () => {
    const first = hosts.filter((host) => placeOf(host, next) < 1_000);
    const again = first.filter((host) => placeOf(host, { ...next, release: 3 }) < 1_000);
    expect(again.length / first.length).toBeLessThan(0.2);
  });

  it('knows by which stage it reaches a host', () => {
    const staged = hosts.slice(0, 500).map((host) => ({ host, stage: stageOf(host, next) }));
    for (const { host, stage } of staged) {
      expect(chosenBy([{ ...next, stage }], host)).toHaveLength(1);
      if (stage > 0) expect(chosenBy([{ ...next, stage: stage - 1 }], host)).toHaveLength(0);
    }
  });
});

describe('selection', () => {
  it('takes the newest release that selects the host, of each policy, in the order in which they merge', () => {
    const releases: Release[] = [
      { ...base, policy: 'web' },
      { ...base, policy: 'default' },
      { ...base, release: 2, hosts: 'env=prod' },
      base,
    ];
    expect(chosenBy(releases)).toEqual(['default 1', 'miners 1', 'web 1']);
    expect(chosenBy(releases, { id: 'x', labels: { env: 'prod' } })).toEqual(['default 1', 'miners 2', 'web 1']);
  });

  it('leaves paused releases where they are, and out everywhere else', () => {
    const paused: Release[] = [base, { ...base, release: 2, state: 'paused', stage: 2 }];
    expect(chosenBy(paused)).toEqual(['miners 1']);
    expect(chosenBy(paused, hosts[0]!, ['miners-2.policy'])).toEqual(['miners 2']);
  });

  it('leaves out what is added, and what is retired', () => {
    expect(
      chosenBy([
        { ...base, state: 'added', stage: 2 },
        { ...base, state: 'retired', stage: 2 },
      ]),
    ).toEqual([]);
  });
});

describe('a target', () => {
  const { sha256, length, ...custom } = base;
  const target = { path: 'miners-1.policy', length, hashes: { sha256 }, custom: { portcullis: custom } };

  it('is read back as the release it was', () => {
    expect(releaseOf(target)).toEqual(base);
    expect(releaseOf({ ...target, custom: { portcullis: { ...custom, later: 'addition' } } })).toEqual(base);
  });

  it.each([
    ['../../etc/passwd', 'bad-target-name'],
    ['/etc/passwd', 'bad-target-name'],
    ['miners-2.policy', 'bad-target-name'],
    ['miners-1.policy/../x', 'bad-target-name'],
  ])('named %s is refused', (path, code) => {
    expect(() => releaseOf({ ...target, path })).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    [{ policy: '../miners' }],
    [{ policy: 'a/b' }],
    [{ policy: '.hidden' }],
    [{ release: 0 }],
    [{ state: 'wild' }],
    [{ hosts: 'env=' }],
    [{ stages: [{ percent: 101, bake: 0 }] }],
  ])('that says %j is refused', (wrong) => {
    const wild = { ...target, custom: { portcullis: { ...custom, ...wrong } } };
    expect(() => releaseOf(wild)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it('without one SHA-256, or too large, is refused', () => {
    expect(() => releaseOf({ ...target, hashes: { sha512: 'ab' } })).toThrow(/SHA-256/);
    expect(() => releaseOf({ ...target, length: 9 * 1024 * 1024 })).toThrow(/larger/);
  });
});
