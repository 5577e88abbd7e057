import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '../../src/agent/limits.js';
import { LossWatch } from '../../src/agent/losses.js';
import { Safeguards } from '../../src/agent/safeguards.js';
import { AgentLog } from '../../src/telemetry/log.js';
import { FakeSession } from './fake-session.js';
import { LinesSink } from './lines-sink.js';

let session: FakeSession;
let sink: LinesSink;
let log: AgentLog;
beforeEach(() => {
  vi.useFakeTimers();
  session = new FakeSession();
  sink = new LinesSink();
  log = new AgentLog(sink, 'info');
});
afterEach(() => vi.useRealTimers());

/** What a timer could not look after. */
const failures = () => sink.entries.filter(({ msg }) => msg === 'watch-failed').map(({ text }) => text);

function fail(name: 'trips' | 'counters', message: string): void {
  session.failures.set(name, new Error(message));
}

test('a look at the circuit breakers that fails is said and does not end the agent', () => {
  const safeguards = new Safeguards({ session, log, rules: () => [], generation: () => 1n });
  fail('trips', 'no map');
  vi.advanceTimersByTime(limits.safeguardCheck.value);
  expect(failures()).toEqual([expect.stringMatching(/circuit breakers.*no map/)]);
  fail('trips', 'no map');
  expect(() => safeguards.end()).not.toThrow();
});

test('a canary that cannot be looked for keeps nobody from looking at the circuit breakers', () => {
  let outcome = (): undefined => undefined;
  const find = () => outcome();
  const safeguards = new Safeguards({ session, log, rules: () => [], generation: () => 1n, find });
  const breaker = { limit: 1 };
  const protectedFiles = { files: [], logins: [], defaults: false };
  safeguards.use({ protected: protectedFiles, breaker, canary: { cgroup: '/canary' } } as never);
  outcome = () => {
    throw new Error('no such disk');
  };
  const look = vi.spyOn(safeguards.breaker, 'look');
  vi.advanceTimersByTime(limits.safeguardCheck.value);
  expect(failures()).toEqual([expect.stringMatching(/canary.*no such disk/)]);
  expect(look).toHaveBeenCalledOnce();
  safeguards.end();
});

test('what fails again and again is said once, and again when it had worked meanwhile', () => {
  const losses = new LossWatch(session, log, { verdicts: 0, reports: 0 });
  const tick = (failure?: string) => {
    if (failure !== undefined) fail('counters', failure);
    vi.advanceTimersByTime(limits.lossCheck.value);
    return failures().length;
  };
  expect([tick('gone'), tick('gone'), tick('other'), tick(), tick('other')]).toEqual([1, 1, 2, 2, 3]);
  fail('counters', 'gone');
  expect(() => losses.end()).not.toThrow();
});
