import { describe, expect, test } from 'vitest';
import { limits } from '../../src/agent/limits.js';
import { Sweeper, type SweepParts } from '../../src/agent/sweep.js';
import { CgroupPaths } from '../../src/events/cgroups.js';
import { ImageHistory } from '../../src/events/image.js';
import { LiveJudge } from '../../src/events/live-judge.js';
import type { MadeEvent } from '../../src/events/maker.js';
import { type ProcessFacts, ProcessTree } from '../../src/events/processes.js';
import { type Program, programOf } from '../../src/events/program.js';
import { Scrubber } from '../../src/events/scrub/scrubber.js';
import { UserSpaceRules } from '../../src/rules/engine.js';
import type { Processes } from '../../src/rules/kill.js';
import { AgentLog } from '../../src/telemetry/log.js';
import { byKernel, imageOf, record, rulesOf, sceneParts } from '../events/support.js';
import { noProcesses, noScopes } from '../rules/support.js';
import { HeldSink } from '../telemetry/support.js';

const policy = `
  - id: miner
    expression: exec.file.name == "miner" && exec.args =~ "*pool*"
    mode: enforce
    actions: [{deny: {}}]
  - id: asks_too_much
    expression: exec.file.uid == 5
`;

/** A host whose processes are given by pid: what they run, and with which arguments. */
class Host {
  readonly sent: number[] = [];
  readonly events: MadeEvent[] = [];
  readonly sink = new HeldSink();
  readonly running: Map<number, Program>;
  starts = new Map<number, bigint>();
  readonly tree: ProcessTree;
  readonly sweeper: Sweeper;

  constructor(running: Record<number, readonly [string, ...string[]]>, changes: Partial<SweepParts> = {}) {
    this.running = new Map(Object.entries(running).map(([pid, argv]) => [Number(pid), program(argv)]));
    this.tree = new ProcessTree({
      process: (pid) => this.#facts(pid),
      program: (pid) => this.running.get(pid),
      pids: () => [...this.running.keys()],
    });
    const processes: Processes = {
      ...noProcesses,
      open: (pid) => ({ signal: () => this.sent.push(pid), close: () => {} }),
      start: (pid) => this.starts.get(pid) ?? started,
      binary: (pid) => ({ inode: 0n, path: this.running.get(pid)?.path ?? '' }),
      now: () => 11_000_000_000n,
    };
    const scene = sceneParts({ processes: this.tree });
    const engine = new UserSpaceRules({ onUnknown: 'report', processes, scopes: noScopes });
    const images = new ImageHistory();
    const judge = new LiveJudge({
      version: '1',
      tier: 'lsm',
      bootId: 'boot',
      images,
      ...scene,
      engine,
      scrubber: new Scrubber(),
    });
    this.sweeper = new Sweeper({
      judge,
      sources: { processes: this.tree, cgroups: nowhere, now: () => 10_000_000_000n },
      clock: scene.clock,
      isProtected: processes.isProtected,
      log: new AgentLog(this.sink, 'info'),
      deliver: (made) => this.events.push(made),
      ...changes,
    });
  }

  #facts(pid: number): ProcessFacts | undefined {
    const found = this.running.get(pid);
    if (found === undefined) return undefined;
    const { path, comm } = found;
    return { pid, ppid: 0, comm, path, start: this.starts.get(pid) ?? started, source: 'proc' };
  }

  async sweep(mode: 'report' | 'enforce'): Promise<Record<string, unknown>> {
    this.sweeper.begin(mode, imageOf(rulesOf(policy).map(byKernel)), 3n);
    await this.sweeper.idle();
    return this.sink.entries.at(-1)!;
  }
}

const started = 4_000_000_000n;
const nowhere = new CgroupPaths({
  root: () => undefined,
  membership: () => undefined,
  idOf: () => undefined,
  children: () => [],
});

function program([path, ...args]: readonly [string, ...string[]]): Program {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return { ...programOf(record({ path, name, argv: [name, ...args], inode: 0n, levels: 0 })), source: 'proc' };
}

const crowd = { 10: ['/usr/bin/miner', '-o', 'pool:1'], 11: ['/usr/bin/miner', '--help'], 12: ['/bin/sh'] } as const;

describe('processes that run already', () => {
  test('are reported with their marks, and left alone', async () => {
    const host = new Host({ ...crowd });
    expect(await host.sweep('report')).toMatchObject({
      msg: 'sweep',
      level: 'warn',
      ...{ judged: 3, matched: 1, ended: 0, unknown: 2, selfDeclared: 3, skipped: 0, generation: 3 },
    });
    expect(host.sent).toEqual([]);
    expect(host.events).toHaveLength(1);
    expect(host.events[0]!.event).toMatchObject({
      agent: { rule_id: 'miner', rule_actions: [{ type: 'deny', status: 'not_performed' }] },
      evt: { name: 'exec' },
      process: { pid: 10, source: 'self-declared', args: ['-o', 'pool:1'] },
      portcullis: { stage: 'sweep', verdict: 'report', generation: 3, record: 'boot:sweep:3:10:4000000000' },
    });
    expect(host.events[0]!.event?.process.exec_time).toBeUndefined();
  });

  test('are ended where the operator wants it', async () => {
    const host = new Host({ ...crowd });
    expect(await host.sweep('enforce')).toMatchObject({ matched: 1, ended: 1 });
    expect(host.sent).toEqual([10]);
    expect(host.events[0]!.event?.agent.rule_actions).toMatchObject([
      { type: 'deny', status: 'performed', signal: 'SIGKILL' },
    ]);
  });

  test('whose exec the kernel has reported are judged by that, whatever they show', async () => {
    const host = new Host({ 10: ['/usr/bin/miner', 'nothing', 'to', 'see'] });
    const argv = ['miner', '-o', 'pool:1'];
    host.tree.remember(record({ pid: 10, start: started, path: '/usr/bin/miner', name: 'miner', argv, comm: 'miner' }));
    expect(await host.sweep('report')).toMatchObject({ matched: 1, selfDeclared: 0 });
    const { process } = host.events[0]!.event!;
    expect(process.source).toBeUndefined();
    expect(process.exec_time).toBe('1970-01-01T00:00:05.000Z');
  });

  test('are not judged when protected, when they run nothing, or when they are others by the time', async () => {
    const argv = ['/usr/bin/miner', 'pool'] as const;
    const host = new Host({ 1: argv, 77: argv, 10: argv, 11: argv });
    host.running.set(10, { ...program(argv), path: undefined });
    let asked = 0n;
    host.starts.get = (pid) => (pid === 11 ? started + 10_000_000n * asked++ : started);
    expect(await host.sweep('enforce')).toMatchObject({ judged: 0, skipped: 4 });
    expect(host.sent).toEqual([]);
  });

  test('that cannot be decided are counted, and are no events', async () => {
    const host = new Host({ 12: ['/bin/sh'] });
    expect(await host.sweep('enforce')).toMatchObject({ level: 'info', matched: 0, unknown: 1 });
    expect(host.events).toEqual([]);
  });
});

describe('a large host', () => {
  const many = (count: number, argv: readonly [string, ...string[]]) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [100 + index, argv]));

  test('goes on with its other work meanwhile', async () => {
    const host = new Host(many(4_000, ['/bin/sh']));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const { milliseconds } = await host.sweep('report');
    clearInterval(timer);
    // Half of the time is others'; without pauses there would be none.
    expect(turns).toBeGreaterThan(Number(milliseconds) / limits.sweepSlice.value / 20);
    expect(turns).toBeGreaterThan(5);
  });

  test('past the limit all are acted on, and fewer told', async () => {
    const count = limits.sweepEvents.value + 5;
    const host = new Host(many(count, ['/usr/bin/miner', 'pool']));
    expect(await host.sweep('enforce')).toMatchObject({ matched: count, ended: count, untold: 5 });
    expect(host.events).toHaveLength(limits.sweepEvents.value);
    expect(host.sent).toHaveLength(count);
  });

  test('a new policy ends the sweep of the old one, and so does a stop', async () => {
    const host = new Host(many(5_000, ['/bin/sh']));
    host.sweeper.begin('report', imageOf(rulesOf(policy).map(byKernel)), 1n);
    host.sweeper.begin('report', imageOf(rulesOf(policy).map(byKernel)), 2n);
    await host.sweeper.end();
    expect(host.sink.entries).toEqual([]);
    host.sweeper.begin('off', imageOf([]), 3n);
    await host.sweeper.idle();
    expect(host.sink.entries).toEqual([]);
  });
});

test('a sweep that fails is an error of its own', async () => {
  const host = new Host(
    { ...crowd },
    {
      isProtected: () => {
        throw new Error('no /proc');
      },
    },
  );
  expect(await host.sweep('report')).toMatchObject({
    level: 'error',
    msg: 'sweep',
    text: expect.stringContaining('no /proc'),
  });
});
