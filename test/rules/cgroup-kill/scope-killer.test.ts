import { describe, expect, test } from 'vitest';
import type { Cgroup, Cgroups } from '../../../src/rules/cgroup-kill/cgroup.js';
import { isWithin } from '../../../src/rules/cgroup-kill/cgroup.js';
import { ScopeKiller, type ScopeTarget } from '../../../src/rules/cgroup-kill/scope-killer.js';
import type { Method, StrikeWorld } from '../../../src/rules/cgroup-kill/strike.js';

const container = `/docker/${'0123456789abcdef'.repeat(4)}`;

/** A control group whose processes fork for as long as they live, some number of times. */
class Host implements Cgroups, StrikeWorld {
  readonly calls: string[] = [];
  readonly alive: Map<number, string>;
  readonly safe: ReadonlySet<number>;
  agent = '/system.slice/portcullis.service';
  atOnce: 'done' | 'unsupported' = 'done';
  freezing: 'done' | 'unsupported' = 'done';
  forks = 0;
  /** Pids that take no signal. */
  stuck = new Set<number>();
  #clock = 1_000n;
  #killer: ScopeKiller | undefined;

  constructor(alive: Record<number, string>, safe: number[] = []) {
    this.alive = new Map(Object.entries(alive).map(([pid, path]) => [Number(pid), path]));
    this.safe = new Set(safe);
  }

  own = () => this.agent;
  isProtected = (pid: number) => this.safe.has(pid);
  now = () => ++this.#clock;

  open(pid: number): ReturnType<StrikeWorld['open']>;
  open(path: string, id: bigint): Cgroup | undefined;
  open(what: string | number): unknown {
    return typeof what === 'string' ? this.#cgroup(what) : this.#process(what);
  }

  #process(pid: number) {
    if (!this.alive.has(pid)) throw Object.assign(new Error('gone'), { code: 'ESRCH' });
    return {
      signal: (number: number) => {
        this.calls.push(`${number} to ${pid}`);
        if (!this.stuck.has(pid) && number === 9) this.alive.delete(pid);
      },
      close: () => {},
    };
  }

  #cgroup(path: string): Cgroup | undefined {
    if (path === '/gone') return undefined;
    const within = () => [...this.alive].filter(([, at]) => isWithin(at, path)).map(([pid]) => pid);
    return {
      path,
      processes: () => {
        if (this.forks-- > 0) this.alive.set(1_000 + this.forks, path);
        return within();
      },
      holds: (pid) => within().includes(pid),
      populated: () => within().length > 0,
      frozen: () => true,
      kill: () => {
        this.calls.push('kill');
        if (this.atOnce === 'done') for (const pid of within()) if (!this.stuck.has(pid)) this.alive.delete(pid);
        return this.atOnce;
      },
      freeze: () => {
        this.calls.push('freeze');
        return this.freezing;
      },
      thaw: () => this.calls.push('thaw'),
      close: () => this.calls.push('close'),
    };
  }

  end(target: Partial<ScopeTarget>, method: Method = 'best') {
    const asked: ScopeTarget = { scope: 'cgroup', cgroup: 5n, path: '/a', time: 500n, signal: 9, ...target };
    this.#killer ??= new ScopeKiller(this, this, method);
    return this.#killer.end(asked);
  }
}

describe('everything at once', () => {
  test('without anybody to spare, the kernel kills them all; the report says whom and how soon', async () => {
    const host = new Host({ 10: '/a', 11: '/a/below', 12: '/ab' });
    expect(await host.end({})).toEqual({
      status: 'performed',
      cgroup: '/a',
      by: 'cgroup.kill',
      processes: 2,
      pids: [10, 11],
      spared: [],
      struck: 501,
      ended: 502,
    });
    expect(host.calls).toEqual(['kill', 'close']);
    expect([...host.alive.keys()]).toEqual([12]);
  });

  test('it has been struck when the call returns', () => {
    const host = new Host({ 10: '/a' });
    void host.end({});
    expect(host.alive.size).toBe(0);
  });

  test('what appears after the kill is killed as well', async () => {
    const host = new Host({ 10: '/a' });
    host.stuck.add(10);
    host.forks = 5;
    setTimeout(() => host.stuck.clear(), 20);
    expect(await host.end({})).toMatchObject({ status: 'performed', by: 'cgroup.kill' });
    expect(host.alive.size).toBe(0);
    expect(host.calls.filter((call) => call === 'kill').length).toBeGreaterThan(1);
  });

  test('many events about one control group are one strike', async () => {
    const host = new Host({ 10: '/a' });
    host.stuck.add(10);
    const reports = [host.end({}), host.end({ time: 900n }), host.end({ path: `/a` })];
    host.stuck.clear();
    expect((await Promise.all(reports)).map(({ status }) => status)).toEqual(['performed', 'performed', 'performed']);
    expect(host.calls.filter((call) => call === 'close')).toHaveLength(1);
    await host.end({});
    expect(host.calls.filter((call) => call === 'close')).toHaveLength(2);
  });

  test('a container is its control group and all below it', async () => {
    const host = new Host({ 10: container, 11: `${container}/init.scope`, 12: '/docker' });
    expect(await host.end({ scope: 'container', path: `${container}/init.scope/x` })).toMatchObject({
      cgroup: container,
      processes: 2,
    });
    expect([...host.alive.keys()]).toEqual([12]);
  });
});

describe('one after the other, while all are stopped', () => {
  test.each<[string, Method, 'done' | 'unsupported', number[]]>([
    ['when asked for', 'freeze', 'done', []],
    ['when the kernel cannot kill all at once', 'best', 'unsupported', []],
    ['when one is spared', 'best', 'done', [12]],
  ])('%s', async (_, method, atOnce, safe) => {
    const host = new Host({ 10: '/a', 11: '/a', 12: '/a' }, safe);
    host.atOnce = atOnce;
    host.forks = 3;
    const report = await host.end({}, method);
    expect(report).toMatchObject({ status: 'performed', by: 'freeze', spared: safe });
    expect([...host.alive.keys()]).toEqual(safe);
    const frozen = host.calls.indexOf('freeze');
    expect(frozen).toBeLessThan(host.calls.findIndex((call) => call.startsWith('9 to')));
    expect(host.calls.slice(-2)).toEqual(['thaw', 'close']);
    expect(host.calls.filter((call) => safe.some((pid) => call === `9 to ${pid}`))).toEqual([]);
  });

  test('where it cannot even be frozen, signals are sent until nothing is left', async () => {
    const host = new Host({ 10: '/a', 11: '/a' });
    host.atOnce = 'unsupported';
    host.freezing = 'unsupported';
    host.forks = 3;
    expect(await host.end({})).toMatchObject({ status: 'performed', by: 'signals' });
    expect(host.alive.size).toBe(0);
  });

  test('another signal than SIGKILL is sent once to each', async () => {
    const host = new Host({ 10: '/a', 11: '/a' });
    expect(await host.end({ signal: 15 })).toMatchObject({ status: 'performed', by: 'freeze', processes: 2 });
    expect(host.calls).toEqual(['freeze', '15 to 10', '15 to 11', 'thaw', 'close']);
  });

  test('a signal that fails leaves nothing frozen, and is an error', async () => {
    const host = new Host({ 10: '/a' }, [12]);
    host.open = (what: string | number) => {
      if (typeof what === 'number') throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
      return Host.prototype.open.call(host, what, 0n) as never;
    };
    expect(await host.end({}, 'freeze')).toMatchObject({ status: 'error', why: 'not permitted' });
    expect(host.calls.slice(-2)).toEqual(['thaw', 'close']);
  });
});

describe('nothing is ended', () => {
  test.each<[string, Partial<ScopeTarget>, string]>([
    ['in the root', { path: '/' }, 'the root control group'],
    ['beside the service manager', { path: '/init.scope' }, 'init.scope'],
    ['beside the agent', { path: '/system.slice/portcullis.service' }, 'the agent itself'],
    ['above the agent', { path: '/system.slice' }, 'the agent itself'],
    ['where it is not known', { path: undefined }, 'not known'],
    ['where only the path is known', { cgroup: 0n }, 'not known'],
    ['of a container on the host', { scope: 'container' }, 'no container'],
  ])('%s', async (_, target, why) => {
    const host = new Host({ 10: '/a' });
    const report = await host.end(target);
    expect(report.status).toBe('refused');
    expect(report.why).toContain(why);
    expect(host.calls.filter((call) => call !== 'close')).toEqual([]);
  });

  test('where the agent has no control group of its own to compare', async () => {
    const host = new Host({ 10: '/a' });
    host.own = () => undefined as never;
    expect((await host.end({})).status).toBe('refused');
  });

  test('of what is gone already, which is no failure', async () => {
    expect(await new Host({}).end({ path: '/gone' })).toMatchObject({
      status: 'performed',
      why: 'its control group is gone',
    });
  });
});
