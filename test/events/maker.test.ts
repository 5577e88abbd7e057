import { describe, expect, test, vi } from 'vitest';
import { CgroupPaths } from '../../src/events/cgroups.js';
import { type EventImage, ImageHistory } from '../../src/events/image.js';
import { limits } from '../../src/events/limits.js';
import { EventMaker } from '../../src/events/maker.js';
import { ProcessTree } from '../../src/events/processes.js';
import { Scrubber } from '../../src/events/scrub/scrubber.js';
import { UserNames } from '../../src/events/users.js';
import type { KernelRecord } from '../../src/kernel/types.js';
import { UserSpaceRules } from '../../src/rules/engine.js';
import { noProcesses, noScopes } from '../rules/support.js';
import { byKernel, byUserSpace, fourRules, imageOf, record, rulesOf, tenSecondsUp } from './support.js';

const container = '0123456789abcdef'.repeat(4);

function onlyTheParent(): ProcessTree {
  return new ProcessTree((pid) =>
    pid === 4200 ? { pid, ppid: 0, comm: 'sh\xff', path: '/bin/sh', start: 1_000_000_000n, source: 'proc' } : undefined,
  );
}

async function makerFor(image: EventImage, processes = onlyTheParent()): Promise<EventMaker> {
  const images = new ImageHistory();
  await images.during(async () => ({ generation: 1n, image }));
  return new EventMaker({
    version: '9.9.9',
    tier: 'lsm',
    bootId: 'boot-id',
    images,
    clock: tenSecondsUp(),
    processes,
    cgroups: new CgroupPaths({
      root: () => '/cg',
      membership: () => `0::/system.slice/docker-${container}.scope`,
      idOf: () => 77n,
      children: () => [],
    }),
    users: new UserNames(() => 'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n'),
    groups: new UserNames(() => ''),
    engine: new UserSpaceRules({ onUnknown: 'report', processes: noProcesses, scopes: noScopes }),
    scrubber: new Scrubber(),
  });
}

const image = imageOf(rulesOf(fourRules).map(byKernel));

/** As a reader of the log sees it. */
async function logged(changes: Partial<KernelRecord>, of = image): Promise<Record<string, unknown>> {
  const made = (await makerFor(of)).make(record(changes));
  return JSON.parse(JSON.stringify(made!.event!)) as Record<string, unknown>;
}

describe('an event', () => {
  test('of a refused exec, in full', async () => {
    const rules = [0, 3];
    expect(await logged({ rules, verdict: 'refuse', stage: 'refuse', cgroup: 77n, tty: 'pts0' })).toEqual({
      agent: {
        rule_id: 'denier',
        rule_version: '2.0.0',
        rule_actions: [
          {
            type: 'deny',
            status: 'performed',
            created_at: '1970-01-01T00:00:05.000Z',
            detected_at: '1970-01-01T00:00:10.000Z',
          },
        ],
        policy_name: 'test.policy',
        policy_version: '1.2.3',
        version: '9.9.9',
        os: 'linux',
        arch: process.arch === 'x64' ? 'amd64' : process.arch,
        origin: 'ebpf',
      },
      title: 'Refused',
      date: '1970-01-01T00:00:05.000Z',
      evt: {
        name: 'exec',
        category: 'Process Activity',
        outcome: 'Refused',
        matched_rules: [
          { id: 'first_monitor', policy_name: 'test.policy', policy_version: '1.2.3', tags: { team: 'a' } },
          { id: 'denier', version: '2.0.0', policy_name: 'test.policy', policy_version: '1.2.3', tags: {} },
        ],
      },
      file: { path: '/usr/bin/tool', name: 'tool', inode: 99, mode: 0o100755 },
      process: {
        pid: 4242,
        ppid: 4200,
        tid: 4242,
        uid: 1000,
        gid: 1000,
        user: 'alice',
        comm: 'tool',
        tty: 'pts0',
        created_at: '1970-01-01T00:00:04.000Z',
        exec_time: '1970-01-01T00:00:05.000Z',
        executable: { path: '/usr/bin/tool', name: 'tool' },
        argv0: 'tool',
        args: ['-x', 'y'],
        args_truncated: false,
        credentials: { uid: 1000, gid: 1000, euid: 0, egid: 0 },
        container: { id: container },
        parent: {
          pid: 4200,
          ppid: 0,
          comm: { $base64: 'c2j/' },
          executable: { path: '/bin/sh', name: 'sh' },
          created_at: '1970-01-01T00:00:01.000Z',
          source: 'proc',
        },
        ancestors: [
          {
            pid: 4200,
            ppid: 0,
            comm: { $base64: 'c2j/' },
            executable: { path: '/bin/sh', name: 'sh' },
            created_at: '1970-01-01T00:00:01.000Z',
            source: 'proc',
          },
        ],
      },
      container: { id: container, runtime: 'docker' },
      cgroup: { id: `/system.slice/docker-${container}.scope`, inode: '77' },
      usr: { id: 'alice' },
      tags: ['team:a', 'technique:T1496'],
      portcullis: {
        verdict: 'refuse',
        stage: 'refuse',
        mode: 'enforce',
        tier: 'lsm',
        image: 'ab'.repeat(32),
        generation: 1,
        record: 'boot-id:2:7:11:refuse',
        rules: [
          { id: 'first_monitor', mode: 'monitor', action: 'deny', decided_by: 'kernel' },
          { id: 'denier', mode: 'enforce', action: 'deny', decided_by: 'kernel' },
        ],
        unknown: [],
        missing: [],
        args_count: 3,
        args_bytes: 20,
        levels: 1,
      },
    });
  });

  test('of a deny that came to bear at the exec says the signal', async () => {
    const event = await logged({ rules: [3], verdict: 'kill', signal: 9 });
    expect(event).toMatchObject({
      agent: { rule_actions: [{ type: 'deny', signal: 'SIGKILL', scope: 'process', status: 'performed' }] },
      evt: { outcome: 'Success' },
      portcullis: { verdict: 'kill', stage: 'kill', signal: 9 },
    });
  });

  test('keeps bytes that are no text', async () => {
    const event = await logged({ rules: [1], argv: ['tool', 'a\xfe', 'caf\xc3\xa9'], path: '/x/\xff' });
    expect(event).toMatchObject({
      file: { path: { $base64: Buffer.from('/x/\xff', 'latin1').toString('base64') } },
      process: { args: [{ $base64: Buffer.from('a\xfe', 'latin1').toString('base64') }, 'café'] },
    });
  });

  test('says what was missing when a rule is unknown', async () => {
    const event = await logged({ verdict: 'unknown', unknownRules: [1], known: 0n, argv: [] });
    expect(event).toMatchObject({
      agent: { rule_id: 'plain' },
      portcullis: {
        verdict: 'unknown',
        rules: [],
        unknown: [{ id: 'plain', missing: ['exec.args'] }],
        missing: ['exec.args'],
      },
    });
    expect(event.process).not.toHaveProperty('args');
  });

  test('of an exec that nobody asked about', async () => {
    const event = await logged({ verdict: 'unseen', stage: 'unseen' });
    expect(event).toMatchObject({
      agent: { rule_id: 'exec_unseen', rule_actions: [] },
      portcullis: { verdict: 'unseen' },
    });
  });

  test('of an image that is forgotten has the numbers of its rules', async () => {
    const event = await logged({ rules: [3], generation: 40n });
    expect(event).toMatchObject({
      agent: { rule_id: 'rule_unresolved' },
      portcullis: { generation: 40, unresolved_rules: [3], rules: [] },
    });
    expect(event.portcullis).not.toHaveProperty('image');
  });

  test('marks a path without its beginning, and a script', async () => {
    const event = await logged({
      rules: [1],
      pathCut: true,
      interpreterPath: '/bin/sh',
      interpreterName: 'sh',
      levels: 2,
    });
    expect(event).toMatchObject({
      file: { path_resolution_error: 'the beginning of the path is missing' },
      process: { interpreter: { path: '/bin/sh', name: 'sh' } },
    });
  });

  test('of a program in memory has a name and an empty path, which is no error', async () => {
    const { file } = await logged({ rules: [1], path: undefined, name: 'memfd:worker', levels: 1 });
    expect(file).toMatchObject({ path: '', name: 'memfd:worker' });
    expect(file).not.toHaveProperty('path_resolution_error');
  });

  test('keeps numbers that JSON readers would round', async () => {
    expect(await logged({ rules: [1], inode: 2n ** 60n + 1n })).toMatchObject({
      file: { inode: '1152921504606846977' },
    });
  });
});

test('a rule of user space is decided by its whole expression', async () => {
  const [yes, no] = rulesOf(`
  - {id: yes, expression: 'exec.args =~ "*y*"'}
  - {id: no, expression: 'exec.args =~ "*z*"'}
`);
  const maker = await makerFor(imageOf([byUserSpace(yes!), byUserSpace(no!)]));
  expect(maker.make(record({ rules: [0, 1] }))?.event?.portcullis.rules.map(({ id }) => id)).toEqual(['yes']);
  expect(maker.make(record({ rules: [1] }))).toBeUndefined();
});

test('the end of a process', async () => {
  const [ends] = rulesOf('  - {id: ends, expression: \'exit.code == 3 && exit.file.name == "tool"\'}\n');
  const maker = await makerFor({ ...image, exitRules: [byUserSpace(ends!)] });
  expect(maker.make(record({ verdict: 'none' }))).toBeUndefined();
  const exit = record({ event: 'exit', verdict: 'none', stage: 'unseen', exitCode: 3 << 8, argv: [], path: undefined });
  const event = JSON.parse(JSON.stringify(maker.make({ ...exit, levels: 0, time: 6_000_000_000n })!.event));
  expect(event).toMatchObject({
    agent: { rule_id: 'ends', rule_actions: [] },
    evt: { name: 'exit', outcome: 'Success' },
    exit: { cause: 'EXITED', code: 3 },
    file: { path: '/usr/bin/tool', inode: 99 },
    process: {
      pid: 4242,
      args: ['-x', 'y'],
      created_at: '1970-01-01T00:00:04.000Z',
      exec_time: '1970-01-01T00:00:05.000Z',
    },
    date: '1970-01-01T00:00:06.000Z',
    portcullis: { verdict: 'report', record: 'boot-id:2:7:11:exit' },
  });
  expect(event.portcullis).not.toHaveProperty('stage');
  expect(event.process).not.toHaveProperty('source');
});

test('records that only tell what runs and what has ended are no events', async () => {
  const maker = await makerFor(image);
  expect(maker.make(record({ verdict: 'none' }))).toBeUndefined();
  expect(maker.make(record({ event: 'exit', verdict: 'report', rules: [1] }))).toBeUndefined();
});

test('processes that have ended are forgotten after a while, a batch at a time', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const tree = new ProcessTree({ process: () => undefined, program: () => undefined, pids: () => [1] });
    const maker = await makerFor(image, tree);
    maker.make(record({}));
    for (const remembered of [1, 0]) {
      vi.advanceTimersByTime(limits.endedProcesses.value - 1);
      await maker.beginBatch();
      expect(tree.remembered).toBe(1);
      vi.advanceTimersByTime(limits.procAge.value);
      await maker.beginBatch();
      expect(tree.remembered).toBe(remembered);
    }
  } finally {
    vi.useRealTimers();
  }
});
