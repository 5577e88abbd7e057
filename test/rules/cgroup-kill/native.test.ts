/** Control groups of this machine, with a fork bomb that is bounded in number: what the kernel does, and how fast. */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bootTimeNs } from '../../../src/kernel/addon.js';
import { systemCgroups } from '../../../src/rules/cgroup-kill/cgroup.js';
import { ScopeKiller } from '../../../src/rules/cgroup-kill/scope-killer.js';
import type { Method } from '../../../src/rules/cgroup-kill/strike.js';
import { systemProcesses } from '../../../src/rules/system-processes.js';
import { noCgroups, TestCgroup } from './test-cgroup.js';

const most = 60;
/** A busy machine is slow to start processes. */
const soon = { timeout: 20_000, interval: 5 };

describe.skipIf(noCgroups)('a control group of this machine', () => {
  let cgroup: TestCgroup;
  beforeEach(({ task }) => {
    cgroup = new TestCgroup(task.id, most);
  });
  afterEach(() => cgroup.dispose());

  function end(method: Method, safe: readonly number[] = [], signal = 9) {
    const world = { ...systemProcesses, isProtected: (pid: number) => safe.includes(pid) };
    const target = { scope: 'cgroup', cgroup: cgroup.id, path: cgroup.path, time: bootTimeNs(), signal } as const;
    return new ScopeKiller(world, systemCgroups, method).end(target);
  }

  test.each<[string, Method]>([
    ['cgroup.kill', 'best'],
    ['freeze', 'freeze'],
  ])('a fork bomb does not outrun %s', async (by, method) => {
    cgroup.bomb();
    await expect.poll(() => cgroup.pids.length, soon).toBeGreaterThan(most - 10);
    const report = await end(method);
    expect(cgroup.pids).toEqual([]);
    expect(cgroup.read('cgroup.events')).toContain('populated 0');
    expect(cgroup.read('cgroup.freeze')).toBe('0\n');
    expect(report).toMatchObject({ status: 'performed', by, spared: [] });
    expect(report.processes).toBeGreaterThan(most - 10);
    expect(report.ended).toBeGreaterThanOrEqual(report.struck!);
    console.info(
      `${by}: ${report.processes} processes, struck ${report.struck! / 1e6} ms, ended ${report.ended! / 1e6} ms`,
    );
  });

  test('one that is protected goes on, the bomb around it does not', async () => {
    const spared = cgroup.run('sleep', '600');
    cgroup.bomb();
    await expect.poll(() => cgroup.pids.length, soon).toBeGreaterThan(most - 10);
    const report = await end('best', [spared.pid!]);
    expect(report).toMatchObject({ status: 'performed', by: 'freeze', spared: [spared.pid] });
    expect(cgroup.pids).toEqual([spared.pid]);
    expect(cgroup.read('cgroup.events')).toContain('frozen 0');
    expect(spared.exitCode ?? spared.signalCode).toBeNull();
  });

  test('what is below it ends with it, threaded control groups included', async () => {
    writeFileSync(`${cgroup.below('inner')}/cgroup.type`, 'threaded');
    cgroup.run('sleep', '600');
    await expect.poll(() => cgroup.pids.length, soon).toBe(1);
    const [pid] = cgroup.pids;
    writeFileSync(`${cgroup.directory}/inner/cgroup.threads`, String(pid));
    const opened = systemCgroups.open(`${cgroup.path}/inner`, 0n)!;
    expect(opened.path).toBe(cgroup.path);
    expect(opened.processes()).toEqual([pid]);
    opened.close();
    expect(await end('freeze')).toMatchObject({ status: 'performed', pids: [pid] });
    expect(cgroup.pids).toEqual([]);
  });

  test('another signal reaches each', async () => {
    const sleeper = cgroup.run('sleep', '600');
    await expect.poll(() => cgroup.pids.length, soon).toBe(1);
    const ended = new Promise((resolve) => sleeper.once('exit', (_, signal) => resolve(signal)));
    expect(await end('best', [], 15)).toMatchObject({ status: 'performed', by: 'freeze', pids: [sleeper.pid] });
    expect(await ended).toBe('SIGTERM');
  });

  test('another directory of the same name is another control group', async () => {
    cgroup.run('sleep', '600');
    await expect.poll(() => cgroup.pids.length, soon).toBe(1);
    const killer = new ScopeKiller(systemProcesses, systemCgroups);
    const target = { scope: 'cgroup', cgroup: cgroup.id + 1n, path: cgroup.path, time: 0n, signal: 9 } as const;
    expect(await killer.end(target)).toMatchObject({ why: 'its control group is gone' });
    expect(cgroup.pids).toHaveLength(1);
  });

  test('the root of this machine is refused', async () => {
    const killer = new ScopeKiller(systemProcesses, systemCgroups);
    // A time bomb if it were not: the identity is wrong on purpose as well.
    const target = { scope: 'cgroup', cgroup: 2n ** 62n, path: '/', time: 0n, signal: 9 } as const;
    expect((await killer.end(target)).processes).toBeUndefined();
  });
});
