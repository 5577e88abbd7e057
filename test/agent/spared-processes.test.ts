import { expect, test } from 'vitest';
import { Canary } from '../../src/agent/canary.js';
import { sparing } from '../../src/agent/spared-processes.js';
import type { Processes } from '../../src/rules/kill.js';
import { AgentLog } from '../../src/telemetry/log.js';
import { FakeSession } from './fake-session.js';
import { LinesSink } from './lines-sink.js';

const cgroups: Record<number, string> = { 1: '/canary', 2: '/canary/below', 3: '/canary-else', 4: '/' };

function canaryAt(path: string, found: { id: bigint; level: number } | undefined): Canary {
  const canary = new Canary({
    session: new FakeSession(),
    log: new AgentLog(new LinesSink(), 'debug'),
    find: () => found,
    cgroupOf: (pid) => cgroups[pid],
  });
  canary.use(path);
  return canary;
}

test.each([
  ['in the cgroup', 1, false],
  ['below it', 2, false],
  ['in one of a longer name', 3, true],
  ['in the root', 4, true],
  ['nowhere any more', 5, true],
])('a process %s', (_, pid, excluded) => {
  expect(canaryAt('/canary', { id: 5n, level: 1 }).excludes(pid)).toBe(excluded);
});

test('without a canary nobody is excluded, and with one that is missing everybody', () => {
  expect(canaryAt('', undefined).excludes(4)).toBe(false);
  expect(canaryAt('/canary', undefined).excludes(1)).toBe(true);
});

test('what is spared is protected, beside what was', () => {
  const processes: Processes = {
    self: 7,
    isProtected: (pid) => pid === 1,
    open: () => ({ signal: () => {}, close: () => {} }),
    start: () => 3n,
    binary: () => undefined,
    now: () => 9n,
  };
  const spared = sparing(processes, (pid) => pid === 2);
  expect([1, 2, 3].map((pid) => spared.isProtected(pid))).toEqual([true, true, false]);
  expect([spared.self, spared.start(1), spared.now()]).toEqual([7, 3n, 9n]);
});
