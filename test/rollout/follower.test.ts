import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pauseRelease, promoteRelease, removePolicy, rollbackRelease } from '../../src/rollout/changes.js';
import { GuardRefusal } from '../../src/rollout/errors.js';
import { failureDelay, firstDelay, nextDelay } from '../../src/rollout/follower/schedule.js';
import { parseRetryAfter } from '../../src/rollout/follower/source.js';
import { TestHost, textOf } from './host.js';
import { policyText, TestRepository } from './publisher-support.js';
import { FileServer } from './server.js';

let repository: TestRepository;
let server: FileServer;
let host: TestHost;

beforeEach(async () => {
  repository = await TestRepository.create();
  server = await FileServer.start(repository.path);
  host = await TestHost.of(server.url, repository.path);
});
afterEach(async () => {
  await host.remove();
  await server.stop();
  repository.remove();
});

const codes = () => host.notices.map(({ code }) => code);

describe('a good release', () => {
  it('is on trial for its bake time, and then in force', async () => {
    await repository.release('miners', policyText('xmrig'), { stages: [{ percent: 100, bake: 60 }] });
    expect(await host.step()).toBe('updated');
    expect(textOf(host.guard.trial)).toBe('miners.policy: xmrig');
    expect(host.enforced).toBeUndefined();
    expect(host.states).toEqual(['miners 1 shadow']);
    host.later = 59_000;
    await host.follower.watch();
    expect(host.enforced).toBeUndefined();
    host.later = 60_001;
    await host.follower.watch();
    expect(host.enforced).toBe('miners.policy: xmrig');
    expect(host.states).toEqual(['miners 1 active']);
    expect(codes()).toEqual(['rollout-updated', 'rollout-shadow', 'rollout-active']);
  });

  it('costs one conditional request a poll once it is here', async () => {
    await repository.release('miners', policyText('xmrig'));
    await host.step();
    server.requests.length = 0;
    const before = host.source.received;
    expect(await host.step()).toBe('unchanged');
    expect(server.requests).toEqual([{ path: 'metadata/timestamp.json', status: 304 }]);
    expect(host.source.received).toBe(before);
  });

  it('comes back from disk before any network after a restart', async () => {
    await repository.release('miners', policyText('xmrig'));
    await host.step();
    await server.stop();
    host.guard.active = undefined;
    await host.start();
    expect(host.enforced).toBe('miners.policy: xmrig');
    expect(await host.step()).toBe('failed');
    expect(host.enforced).toBe('miners.policy: xmrig');
    expect(host.states).toEqual(['miners 1 active']);
    server = await FileServer.start(repository.path);
  });

  it('merges with the others in the order of their names', async () => {
    await repository.release('web', policyText('b'));
    await repository.release('default', policyText('c'));
    await repository.release('miners', policyText('a'));
    await host.step();
    expect(host.enforced).toBe('default.policy: c, miners.policy: a, web.policy: b');
  });

  it('replaces what was there, and only what changed is fetched', async () => {
    await repository.release('a', policyText('a'));
    await repository.release('b', policyText('b'));
    await host.step();
    server.requests.length = 0;
    await repository.release('b', policyText('bb'));
    await host.step();
    expect(host.enforced).toBe('a.policy: a, b.policy: bb');
    const targets = server.requests.filter(({ path }) => path.startsWith('targets/'));
    expect(targets.map(({ path }) => path.replace(/.*\./, '').concat(path.includes('b-2') ? ' b-2' : ''))).toEqual([
      'policy b-2',
    ]);
  });

  it('goes when its policy is removed; the last policy stays', async () => {
    await repository.release('a', policyText('a'));
    await repository.release('b', policyText('b'));
    await host.step();
    await repository.change((releases) => removePolicy(releases, 'a'));
    await host.step();
    expect(host.enforced).toBe('b.policy: b');
    await repository.change((releases) => removePolicy(releases, 'b'));
    await host.step();
    await host.step();
    expect(host.enforced).toBe('b.policy: b');
    expect(codes().filter((code) => code === 'rollout-none-selected')).toHaveLength(1);
  });
});

describe('a bad release', () => {
  const stopsShell = () => {
    host.guard.acts = (candidate) =>
      textOf(candidate)!.includes('sh')
        ? { established: 3, names: ['/bin/sh', '/bin/bash', '/bin/dash'], decisions: 9n }
        : { established: 0, names: [], decisions: 0n };
  };

  it('never leaves its trial: what was in force stays, and the reason names what it would stop', async () => {
    await repository.release('miners', policyText('xmrig'));
    await host.step();
    stopsShell();
    await repository.release('miners', policyText('sh'), { stages: [{ percent: 100, bake: 60 }], limit: 2 });
    await host.step();
    expect(host.enforced).toBe('miners.policy: xmrig');
    expect(host.guard.trial).toBeUndefined();
    expect(host.states).toEqual(['miners 1 active', 'miners 2 refused']);
    const { reason } = host.follower.status.targets[1]!;
    expect(reason).toContain('3 executables established on this host (/bin/sh, /bin/bash, /bin/dash); 2 are allowed');
  });

  it('is not tried again, also after a restart, until there is another', async () => {
    await repository.release('miners', policyText('xmrig'));
    await host.step();
    stopsShell();
    await repository.release('miners', policyText('sh'));
    await host.step();
    await host.start();
    host.notices = [];
    await host.step();
    expect(codes()).toEqual(['rollout-updated']);
    expect(host.states).toEqual(['miners 1 active', 'miners 2 refused']);
    await repository.release('miners', policyText('miner'));
    await host.step();
    expect(host.enforced).toBe('miners.policy: miner');
    expect(host.states).toEqual(['miners 3 active']);
  });

  it('is refused at its last moment of trial too', async () => {
    await repository.release('miners', policyText('sh'), { stages: [{ percent: 100, bake: 60 }] });
    await host.step();
    stopsShell();
    host.later = 3_600_000;
    await host.follower.watch();
    expect(host.enforced).toBeUndefined();
    expect(host.states).toEqual(['miners 1 refused']);
  });

  it('that comes with a good one does not hold it up', async () => {
    stopsShell();
    await repository.release('a', policyText('sh'), { to: 'live' });
    await repository.release('b', policyText('good'));
    await host.step();
    for (let round = 0; round < 4; round++) await host.follower.watch();
    expect(host.enforced).toBe('b.policy: good');
    expect(host.states.sort()).toEqual(['a 1 refused', 'b 1 active']);
    host.guard.acts = () => ({ established: 0, names: [], decisions: 0n });
    await repository.release('b', policyText('better'));
    await host.step();
    expect(host.enforced).toBe('b.policy: better');
  });

  it('that does not compile on this host is refused; another failure is tried again', async () => {
    host.guard.refuse.shadow = () => new GuardRefusal('policy-not-compiled', 'It has too many states.');
    await repository.release('a', policyText('a'));
    await host.step();
    expect(host.follower.status.targets[0]).toMatchObject({ state: 'refused', code: 'policy-not-compiled' });
    host.guard.refuse.shadow = () => new Error('no kernel memory');
    await repository.release('a', policyText('aa'));
    await host.step();
    expect(host.states).toEqual(['a 2 error']);
    host.guard.refuse = {};
    await host.step();
    expect(host.enforced).toBe('a.policy: aa');
  });

  it('that cannot be put into force leaves the old one, and is tried again', async () => {
    await repository.release('a', policyText('a'));
    await host.step();
    host.guard.refuse.promote = () => new Error('the swap failed');
    await repository.release('a', policyText('b'));
    await host.step();
    expect(host.enforced).toBe('a.policy: a');
    expect(host.states).toEqual(['a 1 active', 'a 2 error']);
    host.guard.refuse = {};
    await host.step();
    expect(host.enforced).toBe('a.policy: b');
  });

  it("obeys the stricter of its own limit and the host's", async () => {
    await host.remove();
    host = await TestHost.of(server.url, repository.path, { limit: 0 });
    host.guard.acts = () => ({ established: 1, names: ['/usr/bin/x'], decisions: 1n });
    await repository.release('a', policyText('a'), { limit: 50 });
    await host.step();
    expect(host.states).toEqual(['a 1 refused']);
  });
});

describe('the publisher', () => {
  it('rolls back: the earlier policy is in force again, under a higher version', async () => {
    await repository.release('a', policyText('first'));
    await host.step();
    const before = host.follower.status.active!.version;
    await repository.release('a', policyText('second'));
    await host.step();
    expect(host.enforced).toBe('a.policy: second');
    await repository.change((releases) => rollbackRelease(releases, 'a', { now: repository.now }));
    await host.step();
    expect(host.enforced).toBe('a.policy: first');
    expect(host.states).toEqual(['a 3 active']);
    expect(host.follower.status.active!.version).toBeGreaterThan(before + 1);
  });

  it('pauses: who has it keeps it, who has it on trial does not get it', async () => {
    await repository.release('a', policyText('first'));
    await host.step();
    await repository.release('a', policyText('second'), { to: 'staged', stages: [{ percent: 100, bake: 60 }] });
    await host.step();
    expect(host.states).toEqual(['a 1 active', 'a 2 shadow']);
    await repository.change((releases) => pauseRelease(releases, 'a', repository.now));
    await host.step();
    expect(host.states).toEqual(['a 1 active']);
    expect(host.guard.trial).toBeUndefined();
    host.later = 3_600_000;
    await host.follower.watch();
    expect(host.enforced).toBe('a.policy: first');
  });

  it('pauses what is in force already, and it stays', async () => {
    await repository.release('a', policyText('first'));
    await repository.release('a', policyText('second'), { to: 'staged' });
    await host.step();
    await repository.change((releases) => pauseRelease(releases, 'a', repository.now));
    await host.step();
    expect(host.enforced).toBe('a.policy: second');
    await host.start();
    await host.step();
    expect(host.enforced).toBe('a.policy: second');
  });

  it('stages: only the share of the hosts has it', async () => {
    await repository.release('a', policyText('a'), {
      to: 'staged',
      stages: [
        { percent: 30, bake: 0 },
        { percent: 100, bake: 0 },
      ],
    });
    const others = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        TestHost.of(server.url, repository.path, { host: { id: `h${at}`, labels: {} } }),
      ),
    );
    const count = async () => {
      for (const other of others) await other.step();
      return others.filter((other) => other.enforced !== undefined).length;
    };
    const first = await count();
    expect(first).toBeGreaterThan(3);
    expect(first).toBeLessThan(24);
    await repository.change((releases) => promoteRelease(releases, 'a', { now: repository.now, early: 'allow' }));
    expect(await count()).toBe(40);
    for (const other of others) await other.remove();
  });
});

describe('signatures that ended', () => {
  const expire = async (onExpiry: 'keep' | 'stop') => {
    await host.remove();
    host = await TestHost.of(server.url, repository.path, { onExpiry });
    await repository.release('a', policyText('a'));
    await host.step();
    host.notices = [];
    host.later = 8 * 86_400_000;
  };

  it('are told once an hour, and what is in force stays', async () => {
    await expire('keep');
    await host.step();
    await host.step();
    expect(codes()).toEqual(['rollout-expired']);
    expect(host.follower.status.expired?.role).toBe('timestamp');
    expect(host.enforced).toBe('a.policy: a');
    host.later += 3_600_001;
    await host.step();
    expect(codes()).toEqual(['rollout-expired', 'rollout-expired']);
    await host.start();
    expect(host.enforced).toBe('a.policy: a');
  });

  it('take it out of force where that was chosen, until they are renewed', async () => {
    await expire('stop');
    await host.step();
    await host.step();
    expect([host.enforced, host.guard.withdrawn]).toEqual([undefined, 1]);
    await host.start();
    expect(host.enforced).toBeUndefined();
    host.later = 0;
    await host.step();
    expect(host.enforced).toBe('a.policy: a');
  });
});

describe('the schedule', () => {
  it('spreads hosts, backs off to a cap, and waits as long as it is asked to', () => {
    const [low, high] = [() => 0, () => 0.999_999];
    expect([firstDelay(60_000, low), firstDelay(60_000, high)]).toEqual([0, 59_999]);
    expect([nextDelay(60_000, low), nextDelay(60_000, high)]).toEqual([54_000, 66_000]);
    expect(failureDelay(60_000, { failures: 1 }, low)).toBe(60_000);
    expect(failureDelay(60_000, { failures: 3 }, high)).toBe(480_000);
    expect(failureDelay(60_000, { failures: 1_000 }, high)).toBe(900_000);
    expect(failureDelay(60_000, { failures: 1, retryAfter: 600_000 }, low)).toBe(600_000);
    expect(failureDelay(60_000, { failures: 1, retryAfter: 600_000 }, high)).toBe(660_000);
    expect(nextDelay(1, low)).toBe(1_000);
  });

  it('reads Retry-After as seconds and as a date, and not beyond an hour', () => {
    expect(parseRetryAfter('120')).toBe(120_000);
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:01:00 GMT', 30_000)).toBe(30_000);
    expect(parseRetryAfter('999999')).toBe(3_600_000);
    expect(parseRetryAfter('soon')).toBeUndefined();
  });

  it('is kept by run, which asks for the wait that a 503 names, and ends when told', async () => {
    const { Follower } = await import('../../src/rollout/follower/follower.js');
    const { Store } = await import('../../src/rollout/follower/store.js');
    server.attacker = (_, response) => {
      response.writeHead(503, { 'retry-after': '300' }).end();
      return 'answered';
    };
    const slept: number[] = [];
    let time = Date.now();
    const follower: InstanceType<typeof Follower> = new Follower(
      {
        host: { id: 'x', labels: {} },
        pinnedRoot: server.file('metadata/1.root.json').toString(),
        interval: 60_000,
        onExpiry: 'keep',
        limit: 3,
      },
      {
        clock: {
          now: () => time,
          sleep: async (milliseconds) => {
            slept.push(milliseconds);
            time += milliseconds;
            if (slept.length === 3) {
              server.attacker = () => 'pass';
            }
            if (slept.length === 4) follower.stop();
          },
        },
        random: () => 0.5,
        store: await Store.open(host.directory),
        source: host.source,
        guard: host.guard,
        notify: () => {},
      },
    );
    await follower.run();
    expect(slept).toEqual([30_000, 330_000, 330_000, 60_000]);
    expect(follower.status.polls).toEqual({ unchanged: 0, updated: 1, failed: 2 });
  });
});
