import { expect, test, vi } from 'vitest';
import { Delivery } from '../../src/agent/delivery.js';
import type { EventMaker, MadeEvent } from '../../src/events/maker.js';
import type { KernelRecord, RecordBatch } from '../../src/kernel/types.js';
import { FileHasher } from '../../src/rules/hasher.js';
import { limits as ruleLimits } from '../../src/rules/limits.js';
import { AgentLog } from '../../src/telemetry/log.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { record, tenSecondsUp } from '../events/support.js';
import { HeldSink } from '../telemetry/support.js';

const made = (pid: number) =>
  ({
    event: { pid, portcullis: { verdict: 'report' } },
    decision: { verdict: 'report', matched: [], actions: [] },
    limited: [],
    followUps: [],
  }) as unknown as MadeEvent;

/** A maker whose events are the pids of the records; 1 is discarded and 2 is malformed. */
const maker = {
  beginBatch: async () => {},
  make: ({ pid }: KernelRecord) => {
    if (pid === 2) throw new Error('no such rule');
    return pid === 1 ? undefined : made(pid);
  },
} as unknown as EventMaker;

function bench(
  sink: HeldSink,
  pendingLimit = 1_000_000,
  making = maker,
  metrics = new Metrics('1'),
  hasher = new FileHasher(),
) {
  const log = new AgentLog(sink, 'info');
  const clock = tenSecondsUp();
  return new Delivery({ hasher, maker: making, clock, log, sink, metrics, pendingLimit, onEvent: () => {} });
}

function batch(...pids: number[]): RecordBatch & { acknowledged: number } {
  const taken = {
    ring: 'verdicts' as const,
    records: pids.map((pid) => record({ pid })),
    acknowledged: 0,
    acknowledge() {
      taken.acknowledged++;
    },
  };
  return taken;
}

/** Lets everything run that can run without the log. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('a batch is acknowledged only when the log has accepted its events', async () => {
  const sink = new HeldSink('held');
  const delivery = bench(sink);
  const one = batch(10, 11);
  delivery.accept(one);
  await settle();
  expect(sink.entries.map(({ pid }) => pid)).toEqual([10, 11]);
  expect([one.acknowledged, delivery.waiting, delivery.counts.events]).toEqual([0, 2, 0]);
  sink.accept();
  await delivery.idle();
  expect([one.acknowledged, delivery.waiting, delivery.counts.events]).toEqual([1, 0, 2]);
});

test('while the log accepts nothing, no further events are written: the kernel keeps the records', async () => {
  const sink = new HeldSink('held');
  const delivery = bench(sink, 10);
  const [one, two] = [batch(10, 11, 12), batch(13)];
  delivery.accept(one);
  delivery.accept(two);
  await settle();
  expect(sink.entries.map(({ pid }) => pid)).toEqual([10]);
  sink.accept();
  await delivery.idle();
  expect(sink.entries.map(({ pid }) => pid)).toEqual([10, 11, 12, 13]);
  expect([one.acknowledged, two.acknowledged]).toEqual([1, 1]);
});

test('a log that accepts nothing does not keep events from being made: a kill does not wait for it', async () => {
  const sink = new HeldSink('held');
  const seen: number[] = [];
  const watched = { ...maker, make: (record: KernelRecord) => seen.push(record.pid) && made(record.pid) };
  const delivery = bench(sink, 10, watched as unknown as EventMaker);
  delivery.accept(batch(10, 11));
  delivery.accept(batch(12));
  await settle();
  expect(seen).toEqual([10, 11, 12]);
  expect(sink.entries.map(({ pid }) => pid)).toEqual([10]);
  sink.accept();
  await delivery.idle();
});

test('an event that is not told is no line, and its limit is counted', async () => {
  const sink = new HeldSink();
  const metrics = new Metrics('1');
  const kept = { ...made(10), event: undefined, limited: ['often'] };
  const quiet = { ...maker, make: () => kept } as unknown as EventMaker;
  const delivery = bench(sink, 10, quiet, metrics);
  const one = batch(10);
  delivery.accept(one);
  await delivery.idle();
  expect(sink.lines).toEqual([]);
  expect([one.acknowledged, delivery.counts.untold, delivery.counts.events]).toEqual([1, 1, 0]);
  expect(await metrics.text()).toContain('portcullis_events_suppressed_total{rule="often"} 1');
});

test('one bad record holds up nobody, and is counted and said', async () => {
  const sink = new HeldSink();
  const delivery = bench(sink);
  const one = batch(10, 2, 1, 11);
  delivery.accept(one);
  await delivery.idle();
  expect(sink.codes()).toEqual(['event', 'record-malformed', 'event']);
  expect(delivery.counts).toEqual({ records: 4, events: 2, discarded: 1, untold: 0, malformed: 1 });
  expect(one.acknowledged).toBe(1);
});

test('a batch that the kernel takes no acknowledgement for does not stop the next', async () => {
  const sink = new HeldSink();
  const delivery = bench(sink);
  const next = batch(11);
  delivery.accept({
    ...batch(10),
    acknowledge: () => {
      throw new Error('ring is gone');
    },
  });
  delivery.accept(next);
  await delivery.idle();
  expect(sink.codes()).toEqual(['event', 'delivery-failed', 'event']);
  expect(next.acknowledged).toBe(1);
});

test('an event that cannot be written leaves its batch with the kernel, and the next ones come', async () => {
  const sink = new HeldSink();
  const broken = {
    ...made(12),
    event: {
      get portcullis(): never {
        throw new Error('no line');
      },
    },
  };
  const some = { ...maker, make: (record: KernelRecord) => (record.pid === 12 ? broken : made(record.pid)) };
  const delivery = bench(sink, 10, some as unknown as EventMaker);
  const [one, two] = [batch(11, 12, 13), batch(14)];
  delivery.accept(one);
  delivery.accept(two);
  await delivery.idle();
  expect(sink.codes()).toEqual(['event', 'delivery-failed', 'event', 'event']);
  expect([one.acknowledged, two.acknowledged]).toEqual([0, 1]);
});

test('events with something to wait for keep their place, and those behind them wait', async () => {
  const sink = new HeldSink();
  let release = () => {};
  const scope = new Promise<{ status: 'performed' }>((resolve) => {
    release = () => resolve({ status: 'performed' });
  });
  const action = { action: 'kill', scope: 'container' };
  const slow = {
    ...made(10),
    decision: { verdict: 'report', matched: [], actions: [{ action, status: 'performed', scope }] },
  };
  slow.event = { ...slow.event!, agent: { rule_actions: [] } } as unknown as NonNullable<MadeEvent['event']>;
  const some = { ...maker, make: (record: KernelRecord) => (record.pid === 10 ? slow : made(record.pid)) };
  const delivery = bench(sink, 1_000_000, some as unknown as EventMaker);
  const [one, two] = [batch(9, 10), batch(11)];
  delivery.accept(one);
  delivery.accept(two);
  await settle();
  expect(sink.entries.map(({ pid }) => pid)).toEqual([9]);
  expect([one.acknowledged, two.acknowledged]).toEqual([0, 0]);
  release();
  await delivery.idle();
  expect(sink.entries.map(({ pid }) => pid)).toEqual([9, 10, 11]);
  expect([one.acknowledged, two.acknowledged, delivery.counts.events]).toEqual([1, 1, 3]);
});

test('other work gets its turn in a long batch', async () => {
  const sink = new HeldSink();
  const delivery = bench(sink);
  const pids = Array.from({ length: 1_000 }, (_, index) => index + 10);
  delivery.accept(batch(...pids));
  let seen = 0;
  await new Promise<void>((resolve) => {
    setImmediate(() => {
      seen = sink.lines.length;
      resolve();
    });
  });
  await delivery.idle();
  expect(seen).toBeLessThan(1_000);
  expect(sink.lines).toHaveLength(1_000);
});

test('a file that cannot be hashed since its file system hangs holds up nobody for long', async () => {
  vi.spyOn(ruleLimits.hashTime, 'value', 'get').mockReturnValue(20 as never);
  const sink = new HeldSink();
  const file = { field: 'exec.file', pid: 10, path: '/mnt/tool', inode: 5n, binary: false };
  const hashing = (pid: number) => ({
    ...made(pid),
    event: { ...made(pid).event, file: {} },
    followUps: [{ follow: 'hash', file, bytes: 100 }],
  });
  const some = { ...maker, make: ({ pid }: KernelRecord) => (pid < 20 ? hashing(pid) : made(pid)) };
  const hasher = new FileHasher(undefined, () => new Promise(() => {}));
  const delivery = bench(sink, 1_000_000, some as unknown as EventMaker, undefined, hasher);
  const [one, two] = [batch(10, 11), batch(20)];
  delivery.accept(one);
  delivery.accept(two);
  await delivery.idle();
  vi.restoreAllMocks();
  expect(sink.entries).toMatchObject([
    { pid: 10, file: { hash_state: 'failed' } },
    { pid: 11, file: { hash_state: 'failed' } },
    { pid: 20 },
  ]);
  expect([one.acknowledged, two.acknowledged]).toEqual([1, 1]);
});

test('how long the oldest records are on their way is told, and nothing once they are safe or left with the kernel', async () => {
  let now = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const sink = new HeldSink('held');
  const delivery = bench(sink);
  expect(delivery.waitingFor).toBe(0);
  delivery.accept(batch(10));
  now += 50;
  delivery.accept(batch(11));
  await settle();
  now += 50;
  expect(delivery.waitingFor).toBe(100);
  sink.accept();
  await delivery.idle();
  expect(delivery.waitingFor).toBe(0);
  const broken = { ...maker, beginBatch: () => Promise.reject(new Error('no batch')) } as unknown as EventMaker;
  const other = bench(new HeldSink(), 10, broken);
  other.accept(batch(10));
  await other.idle();
  now += 50;
  expect(other.waitingFor).toBe(0);
  vi.restoreAllMocks();
});
