/**
 * The agent over a kernel that only pretends, and the processes and control groups of this machine. The policies name one
 * copied file by its whole path, so they can be about nothing else here.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Agent } from '../../src/agent/agent.js';
import type { EventJson } from '../../src/events/event.js';
import { bootTimeNs } from '../../src/kernel/addon.js';
import { systemCgroups } from '../../src/rules/cgroup-kill/cgroup.js';
import { systemProcesses } from '../../src/rules/system-processes.js';
import { record } from '../events/support.js';
import { noCgroups, TestCgroup } from '../rules/cgroup-kill/test-cgroup.js';
import { Bench } from './support.js';

/** A busy machine is slow to start processes. */
const soon = { timeout: 20_000, interval: 5 };

let bench: Bench;
let agent: Agent | undefined;
let standIn: string;
let children: ChildProcess[];
beforeEach(() => {
  bench = new Bench();
  Object.assign(bench.world, { processes: systemProcesses, cgroups: { ...systemCgroups }, bootTime: bootTimeNs });
  standIn = join(bench.directory, 'stand-in');
  copyFileSync('/bin/cat', standIn);
  chmodSync(standIn, 0o755);
  agent = undefined;
  children = [];
});
afterEach(async () => {
  await agent?.stop('end of the test');
  for (const child of children) child.kill('SIGKILL');
  bench.dispose();
});

/** The stand-in waits for its input; a file that it does not find does not keep it from that. */
async function run(...args: string[]): Promise<ChildProcess> {
  const child = spawn(standIn, [...args, '-'], { stdio: ['pipe', 'ignore', 'ignore'] });
  children.push(child);
  await new Promise((resolve) => child.once('spawn', resolve));
  return child;
}

function ended(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
}

function policy(actions: string, expression = 'exec.argv == "prey"'): void {
  bench.writeText(`version: 1.0.0
mode: enforce
rules:
  - id: prey
    expression: exec.file.path == "${standIn}" && ${expression}
    actions: [${actions}]
`);
}

function sweep(): Record<string, unknown> | undefined {
  return bench.entries.findLast(({ msg }) => msg === 'sweep');
}

function events(): EventJson[] {
  return bench.entries.filter(({ msg }) => msg === 'event') as unknown as EventJson[];
}

describe('processes that run already', () => {
  test('are ended by a sweep that enforces, others of the same file are not, and no secret is told', async () => {
    const prey = await run('prey', '--', 'password=4711');
    const other = await run('other');
    const gone = ended(prey);
    policy('{deny: {}}');
    agent = await bench.start({ sweep: 'enforce' });
    expect(await gone).toBe('SIGKILL');
    await expect.poll(() => events().length, soon).toBe(1);
    expect(events()[0]).toMatchObject({
      agent: { rule_id: 'prey', rule_actions: [{ type: 'deny', status: 'performed' }] },
      file: { path: standIn },
      process: { pid: prey.pid, source: 'self-declared', args: ['prey', '--', 'password=***', '-'], ppid: process.pid },
      portcullis: { stage: 'sweep' },
    });
    await expect.poll(sweep, soon).toMatchObject({ mode: 'enforce', matched: 1, ended: 1 });
    expect([other.exitCode, other.signalCode]).toEqual([null, null]);
  });

  test('are only reported by default, again at a reload, and not at all when that is off', async () => {
    const prey = await run('prey');
    policy('{deny: {}}');
    agent = await bench.start({ sweep: 'report' });
    await expect.poll(sweep, soon).toMatchObject({ matched: 1, ended: 0, generation: 1 });
    await agent.reload();
    await expect.poll(sweep, soon).toMatchObject({ matched: 1, ended: 0, generation: 2 });
    await bench.logged();
    expect(events().map(({ process }) => process.pid)).toEqual([prey.pid, prey.pid]);
    expect([prey.exitCode, prey.signalCode]).toEqual([null, null]);
  });
});

describe.skipIf(noCgroups)('a control group', () => {
  let cgroup: TestCgroup;
  beforeEach(({ task }) => {
    cgroup = new TestCgroup(task.id, 40);
  });
  afterEach(() => cgroup.dispose());

  test('ends with the exec that the kernel has killed, and the event says what and how soon', async () => {
    cgroup.bomb();
    await expect.poll(() => cgroup.pids.length, soon).toBeGreaterThan(30);
    policy('{kill: {signal: SIGKILL, scope: cgroup}}');
    agent = await bench.start();
    const time = bootTimeNs();
    bench.session.send(record({ pid: cgroup.pids[0]!, verdict: 'kill', rules: [0], cgroup: cgroup.id, time }));
    await expect.poll(() => bench.session.acknowledged, soon).toBe(1);
    expect(cgroup.pids).toEqual([]);
    const [action] = events()[0]!.agent.rule_actions;
    expect(action).toMatchObject({
      type: 'kill',
      scope: 'cgroup',
      status: 'performed',
      stopped: { cgroup: cgroup.path, by: 'cgroup.kill' },
    });
    expect(action?.stopped?.processes).toBeGreaterThan(30);
    expect(action?.stopped?.ended_ns).toBeGreaterThan(0);
    const metrics = await (await fetch(`${agent.url}/metrics`)).text();
    expect(metrics).toContain('portcullis_rule_actions_total{action="kill",status="performed"} 1');
  });

  test('ends for a process in it that a sweep has found', async () => {
    cgroup.run(standIn, 'prey', '-');
    cgroup.run('sleep', '600');
    await expect.poll(() => cgroup.pids.length, soon).toBe(2);
    policy('{kill: {signal: SIGKILL, scope: cgroup}}');
    agent = await bench.start({ sweep: 'enforce' });
    await expect.poll(() => events().length, soon).toBe(1);
    expect(cgroup.pids).toEqual([]);
    expect(events()[0]!.agent.rule_actions).toMatchObject([{ status: 'performed', stopped: { cgroup: cgroup.path } }]);
  });

  test('of the agent itself is refused, loudly', async () => {
    policy('{kill: {signal: SIGKILL, scope: cgroup}}');
    agent = await bench.start();
    Object.assign(bench.world.cgroups, { own: () => cgroup.path });
    cgroup.run('sleep', '600');
    await expect.poll(() => cgroup.pids.length, soon).toBe(1);
    bench.session.send(record({ pid: 2 ** 22 + 1, verdict: 'kill', rules: [0], cgroup: cgroup.id }));
    await expect.poll(() => bench.session.acknowledged, soon).toBe(1);
    expect(cgroup.pids).toHaveLength(1);
    expect(events()[0]!.agent.rule_actions).toMatchObject([
      { status: 'partially_performed', why: expect.stringContaining('agent itself') },
    ]);
    expect(bench.entries.find(({ msg }) => msg === 'kill-scope')).toMatchObject({ level: 'error', rule: 'prey' });
  });
});
