import { expect, test } from 'vitest';
import { Canary, type CanaryCgroup, cgroupMount } from '../../src/agent/canary.js';
import { AgentLog } from '../../src/telemetry/log.js';
import { FakeSession } from './fake-session.js';
import { LinesSink } from './lines-sink.js';

function bench(find: () => CanaryCgroup | undefined) {
  const session = new FakeSession();
  const sink = new LinesSink();
  return { session, sink, canary: new Canary({ session, log: new AgentLog(sink, 'info'), find }) };
}

test('rules are limited to the cgroup, which is looked for again', () => {
  let found: CanaryCgroup | undefined = { id: 7n, level: 1 };
  const { session, canary, sink } = bench(() => found);
  canary.use('/canary');
  expect(session.canary).toEqual({ id: 7n, level: 1 });
  canary.look();
  expect(sink.entries).toHaveLength(1);
  found = { id: 8n, level: 1 };
  canary.look();
  expect(session.canary).toEqual({ id: 8n, level: 1 });
  expect(canary.status).toEqual({ cgroup: '/canary', found: true });
});

test('a cgroup that does not exist lets rules act nowhere, and that is an error in the log', () => {
  const { session, canary, sink } = bench(() => undefined);
  canary.use('/canary');
  expect(session.canary).toEqual({ id: 2n ** 64n - 1n, level: 0 });
  expect(canary.status).toEqual({ cgroup: '/canary', found: false });
  expect(sink.entries).toEqual([expect.objectContaining({ level: 'error', msg: 'canary', cgroup: '/canary' })]);
});

test('a path that leads through a file leads to no cgroup', () => {
  const session = new FakeSession();
  const canary = new Canary({ session, log: new AgentLog(new LinesSink(), 'info') });
  canary.use('/cgroup.procs/canary');
  expect(canary.status).toEqual({ cgroup: '/cgroup.procs/canary', found: false });
});

test('without a canary rules act everywhere', () => {
  const { session, canary, sink } = bench(() => ({ id: 7n, level: 1 }));
  canary.use('');
  expect([session.canary, canary.status, sink.entries]).toEqual([undefined, undefined, []]);
  canary.use('/canary');
  canary.use('');
  expect([session.canary, canary.status]).toEqual([undefined, undefined]);
});

test('the default hierarchy is found where it is mounted as a whole', () => {
  const hybrid =
    '30 24 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro\n31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw';
  expect(cgroupMount(hybrid)).toBe('/sys/fs/cgroup/unified');
  expect(cgroupMount('31 30 0:27 /box /sys/fs/cgroup rw - cgroup2 cgroup2 rw')).toBeUndefined();
});
