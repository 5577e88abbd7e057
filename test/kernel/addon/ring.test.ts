import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { BpfObject, Ring, type RingBatch, type RingOptions } from '../../../src/kernel/addon.js';
import { fixture, key, makeScratch, refusal } from '../fixtures/bpf.js';

const scratch = makeScratch();
const objectPath = scratch.compile('rings');
const refused = refusal();

const rings: Ring[] = [];
const objects: BpfObject[] = [];
afterEach(async () => {
  for (const ring of rings.splice(0)) {
    await ring.stop();
    ring.close();
  }
  for (const object of objects.splice(0)) object.close();
});
afterAll(() => scratch.remove());

/** Bytes a record of `length` bytes takes in the ring. */
const taken = (length: number) => 8 + Math.ceil(length / 8) * 8;

interface Production {
  first?: number;
  count: number;
  /** Bytes; 0: they vary with the number. */
  length?: number;
  discardEach?: number;
  wake?: keyof typeof wakeFlags;
}

/** Of bpf_ringbuf_output. */
const wakeFlags = { 'as it sees fit': 0n, never: 1n, always: 2n };

function load(ringBytes = 64 * 1024, holder = 0) {
  const object = BpfObject.open(objectPath, {
    programs: ['produce', 'discard', ...(holder === 0 ? [] : ['hold'])],
    rodata: { holder },
    maps: { ring: { maxEntries: ringBytes } },
  });
  objects.push(object);
  object.load();
  return {
    object,
    map: object.map('ring'),
    open(options?: RingOptions): Ring {
      const ring = Ring.open(object.map('ring'), options);
      rings.push(ring);
      return ring;
    },
    /** Gives the number of records that found the ring full. */
    produce({ first = 0, count, length = 16, discardEach = 0, wake = 'as it sees fit' }: Production): number {
      const context = new Uint8Array(32);
      const view = new DataView(context.buffer);
      view.setBigUint64(0, BigInt(first), true);
      view.setUint32(8, count, true);
      view.setUint32(12, length, true);
      view.setUint32(16, discardEach, true);
      view.setBigUint64(24, wakeFlags[wake], true);
      const { returnValue, context: after } = object.testRun('produce', { context });
      if (returnValue !== 0) throw new Error('nothing was produced');
      return new DataView(after!.buffer).getUint32(20, true);
    },
  };
}

function numberOf(record: Uint8Array): number {
  return Number(new DataView(record.buffer, record.byteOffset).getBigUint64(0, true));
}

const numbersOf = (batch: RingBatch) => [...batch].map(numberOf);
const range = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

/** Everything that is left, acknowledged. */
function drainAll(ring: Ring): number[] {
  const numbers: number[] = [];
  for (let batch = ring.drain(); batch !== undefined; batch = ring.drain()) {
    numbers.push(...numbersOf(batch));
    ring.acknowledge(batch);
  }
  return numbers;
}

/** Turns of the event loop until it holds; the test's own time limit ends it otherwise. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn();
}

describe.skipIf(refused)('drain', () => {
  it('gives records in order and whole, whatever their length', () => {
    const { open, produce } = load();
    const ring = open();
    produce({ count: 100, length: 0 });
    const batch = ring.drain()!;
    expect(numbersOf(batch)).toEqual(range(0, 100));
    [...batch].forEach((record, number) => {
      expect(record.byteOffset % 8).toBe(0);
      expect(record.byteLength).toBe(8 + ((number * 37) % 503));
      expect(record.slice(8).every((byte) => byte === (number & 0xff))).toBe(true);
    });
    expect(ring.drain()).toBeUndefined();
    expect(() => batch.record(100)).toThrow(RangeError);
  });

  it('bounds batches by records and by bytes, but hands out a larger record alone', () => {
    const { open, produce } = load();
    const ring = open({ batchRecords: 3, batchBytes: 64 });
    produce({ count: 4, length: 16 });
    produce({ first: 4, count: 3, length: 24 });
    produce({ first: 7, count: 1, length: 200 });
    produce({ first: 8, count: 1, length: 8 });
    const batches: number[][] = [];
    for (let batch = ring.drain(); batch; batch = ring.drain()) batches.push(numbersOf(batch));
    expect(batches).toEqual([[0, 1, 2], [3, 4, 5], [6], [7], [8]]);
  });

  it('wraps around many times, records over the edge included', () => {
    const { open, produce } = load(4096);
    const ring = open();
    const seen: number[] = [];
    for (let first = 0; first < 600; first += 6) {
      expect(produce({ first, count: 6, length: 0 })).toBe(0);
      const batch = ring.drain()!;
      for (const record of batch) {
        const number = numberOf(record);
        seen.push(number);
        expect(record.slice(8).every((byte) => byte === (number & 0xff))).toBe(true);
      }
      ring.acknowledge(batch);
    }
    expect(seen).toEqual(range(0, 600));
    expect(Number(ring.lag().consumed)).toBeGreaterThan(20 * 4096);
  });
});

describe.skipIf(refused)('acknowledge', () => {
  it('alone moves the position of the kernel', () => {
    const { open, produce } = load();
    const ring = open({ batchRecords: 2 });
    produce({ count: 4, length: 16 });
    const [first, second] = [ring.drain()!, ring.drain()!];
    const bytes = BigInt(taken(16));
    expect(ring.lag()).toEqual({ produced: 4n * bytes, consumed: 0n, size: 65536, inFlight: 2 });
    ring.acknowledge(first);
    expect(ring.lag().consumed).toBe(2n * bytes);
    ring.acknowledge(second.end);
    ring.acknowledge(first);
    expect(ring.lag().consumed).toBe(4n * bytes);
  });

  it('covers the batches before', () => {
    const { open, produce } = load();
    const ring = open({ batchRecords: 1 });
    produce({ count: 3 });
    ring.drain();
    ring.drain();
    ring.acknowledge(ring.drain()!);
    expect(ring.lag().consumed).toBe(ring.lag().produced);
  });

  it('refuses a position where no batch ends', () => {
    const { open, produce } = load();
    const ring = open();
    produce({ count: 3 });
    const batch = ring.drain()!;
    expect(() => ring.acknowledge(batch.end - 8n)).toThrow(RangeError);
    expect(() => ring.acknowledge(batch.end + 8n)).toThrow(RangeError);
    expect(() => ring.acknowledge(-1n)).toThrow(TypeError);
    expect(ring.lag().consumed).toBe(0n);
  });

  it('leaves what is not acknowledged to the next consumer', () => {
    const { open, produce } = load();
    const ring = open({ batchRecords: 5 });
    produce({ count: 10 });
    ring.acknowledge(ring.drain()!);
    expect(numbersOf(ring.drain()!)).toEqual(range(5, 5));
    ring.close();
    expect(() => ring.lag()).toThrow('the ring is closed');
    produce({ first: 10, count: 2 });
    expect(drainAll(open())).toEqual(range(5, 7));
  });

  it('makes room: a full ring loses the new records, not those that wait', () => {
    const { open, produce } = load(4096);
    const ring = open();
    const room = 4096 / taken(56);
    const lost = produce({ count: 100, length: 56 });
    // The kernel never fills the ring to its last byte.
    expect(lost).toBe(100 - (room - 1));
    const batch = ring.drain()!;
    expect(numbersOf(batch)).toEqual(range(0, room - 1));
    expect(produce({ first: 200, count: 10, length: 56 })).toBe(10);
    ring.acknowledge(batch);
    expect(produce({ first: 300, count: 10, length: 56 })).toBe(0);
    expect(drainAll(ring)).toEqual(range(300, 10));
  });
});

describe.skipIf(refused)('discarded records', () => {
  it('are skipped', () => {
    const { open, produce } = load();
    produce({ count: 20, discardEach: 3 });
    const ring = open();
    expect(drainAll(ring)).toEqual(range(0, 20));
    expect(ring.lag().consumed).toBe(ring.lag().produced);
  });

  it('behind the last batch are done with when it is', () => {
    const { object, open, produce } = load();
    const ring = open();
    produce({ count: 1 });
    const batch = ring.drain()!;
    object.testRun('discard');
    expect(ring.drain()).toBeUndefined();
    expect(ring.lag().consumed).toBe(0n);
    ring.acknowledge(batch);
    expect(ring.lag().consumed).toBe(ring.lag().produced);
    object.testRun('discard');
    expect(ring.lag().consumed).toBeLessThan(ring.lag().produced);
    expect(ring.drain()).toBeUndefined();
    expect(ring.lag().consumed).toBe(ring.lag().produced);
  });
});

describe.skipIf(refused)('start', () => {
  it('delivers thousands of records in order while they are produced', async () => {
    const { open, produce } = load(64 * 1024);
    const ring = open({ batchRecords: 64 });
    const seen: number[] = [];
    ring.start((batch) => {
      seen.push(...numbersOf(batch));
      ring.acknowledge(batch);
    });
    const total = 20_000;
    const most = 50 * taken(511);
    for (let first = 0; first < total; first += 50) {
      await until(() => {
        const { produced, consumed, size } = ring.lag();
        return size - Number(produced - consumed) > most;
      });
      expect(produce({ first, count: 50, length: 0 })).toBe(0);
    }
    await until(() => seen.length >= total);
    // As text: a difference of 20,000 lines helps nobody.
    expect(seen.join() === range(0, total).join()).toBe(true);
  });

  it('hands out no more batches than may be in flight', async () => {
    const { open, produce } = load();
    const ring = open({ batchRecords: 1, batchesInFlight: 2 });
    const batches: RingBatch[] = [];
    ring.start((batch) => batches.push(batch));
    produce({ count: 5 });
    await until(() => batches.length === 2);
    // Proof that a third is held back, without waiting for nothing to happen: the end of the thread has nothing more to say.
    await ring.stop();
    expect(batches.map(numbersOf)).toEqual([[0], [1]]);
    ring.start((batch) => batches.push(batch));
    ring.acknowledge(batches[0]!);
    await until(() => batches.length === 3);
    ring.acknowledge(batches[2]!);
    await until(() => batches.length === 5);
    expect(batches.flatMap(numbersOf)).toEqual(range(0, 5));
  });

  it('sees records that come while a batch is unacknowledged, when the kernel does not wake it', async () => {
    const { open, produce } = load();
    const ring = open();
    const seen: number[] = [];
    let last: RingBatch | undefined;
    ring.start((batch) => {
      seen.push(...numbersOf(batch));
      last = batch;
    });
    for (const first of [0, 1, 2]) {
      produce({ first, count: 1 });
      await until(() => seen.length === first + 1);
    }
    ring.acknowledge(last!);
    expect(ring.lag().consumed).toBe(ring.lag().produced);
  });

  it('wakes for a record after everything was acknowledged, again and again', async () => {
    const { open, produce } = load();
    const ring = open();
    let seen = 0;
    ring.start((batch) => {
      seen += batch.count;
      ring.acknowledge(batch);
    });
    const started = performance.now();
    for (let round = 1; round <= 200; round++) {
      produce({ first: round, count: 1 });
      await until(() => seen === round);
    }
    // Without the kernel's wake-up each would take the quarter of a second after which the thread looks by itself.
    expect(performance.now() - started).toBeLessThan(200 * 100);
  });

  it('looks once more a moment after a batch, for what nobody woke it for', async () => {
    const { open, produce } = load();
    const ring = open();
    let seen = 0;
    ring.start((batch) => {
      seen += batch.count;
      ring.acknowledge(batch);
    });
    const delays: number[] = [];
    for (let round = 0; round < 20; round++) {
      produce({ count: 1, wake: 'always' });
      await until(() => seen === 2 * round + 1);
      const written = performance.now();
      produce({ count: 1, wake: 'never' });
      await until(() => seen === 2 * round + 2);
      delays.push(performance.now() - written);
    }
    // Otherwise each would wait for the look of an idle thread, a quarter of a second after the last one.
    expect(delays.sort((a, b) => a - b)[10]).toBeLessThan(100);
  });

  it('looks when it is asked to', async () => {
    const { open, produce } = load();
    const ring = open();
    let seen = 0;
    ring.start((batch) => {
      seen += batch.count;
      ring.acknowledge(batch);
    });
    const delays: number[] = [];
    for (let round = 1; round <= 10; round++) {
      // past the moment after a batch
      await sleep(20);
      const written = performance.now();
      produce({ count: 1, wake: 'never' });
      ring.look();
      await until(() => seen === round);
      delays.push(performance.now() - written);
    }
    expect(delays.sort((a, b) => a - b)[5]).toBeLessThan(60);
  });

  it('is ready for the next batch when all that may be in flight are acknowledged at once', async () => {
    const { open, produce } = load();
    const ring = open({ batchRecords: 1, batchesInFlight: 4 });
    const numbers: number[] = [];
    let last: RingBatch | undefined;
    ring.start((batch) => {
      numbers.push(...numbersOf(batch));
      last = batch;
    });
    for (let round = 1; round <= 50; round++) {
      produce({ first: 4 * (round - 1), count: 4 });
      await until(() => numbers.length === 4 * round);
      ring.acknowledge(last!);
    }
    expect(numbers).toEqual(range(0, 200));
  });

  it('starts once, with a function', () => {
    const ring = load().open();
    expect(() => ring.start('x' as unknown as () => void)).toThrow('onBatch must be a function');
    ring.start(() => {});
    expect(() => ring.start(() => {})).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
    expect(() => ring.drain()).toThrow(/stop\(\) comes first/);
    expect(() => ring.close()).toThrow(/wait for stop\(\)/);
  });

  it('takes no map of another type, and no limit of nothing', () => {
    const { object, open } = load();
    expect(() => Ring.open(object.map('not_a_ring'))).toThrow("map 'not_a_ring' is not a ring buffer");
    expect(() => open({ batchRecords: 0 })).toThrow(TypeError);
    expect(() => open({ batchesInFlight: 0 })).toThrow(TypeError);
  });
});

describe.skipIf(refused)('stop', () => {
  it('delivers what was read, then resolves; what follows can be drained', async () => {
    const { open, produce } = load();
    const ring = open({ batchRecords: 10, batchesInFlight: 4 });
    const batches: RingBatch[] = [];
    produce({ count: 100 });
    ring.start((batch) => batches.push(batch));
    await until(() => batches.length > 0);
    await ring.stop();
    const delivered = batches.flatMap(numbersOf);
    expect(delivered).toEqual(range(0, delivered.length));
    expect(delivered.length).toBeLessThanOrEqual(40);
    ring.acknowledge(batches.at(-1)!);
    expect(drainAll(ring)).toEqual(range(delivered.length, 100 - delivered.length));
    await ring.stop();
  });

  it('lets a synchronous drain have what the event loop has not delivered', async () => {
    const { open, produce } = load();
    const ring = open({ batchRecords: 10 });
    const delivered: number[] = [];
    produce({ count: 100 });
    ring.start((batch) => delivered.push(...numbersOf(batch)));
    // No turn of the event loop from here on: what the thread reads meanwhile cannot be delivered.
    while (ring.lag().inFlight < 4);
    const stopped = ring.stop();
    expect(drainAll(ring)).toEqual(range(0, 100));
    await stopped;
    expect(delivered).toEqual([]);
    expect(ring.lag().consumed).toBe(ring.lag().produced);
  });
});

describe.skipIf(refused)('a record that is being written', () => {
  it('is waited for, with all that are behind it', async () => {
    const child = spawn('sh', ['-c', 'read go; exec true'], { stdio: ['pipe', 'ignore', 'inherit'] });
    const { object, open, produce } = load(4096, child.pid);
    const globals = object.map('.bss');
    const { offset } = object.layout().variable('release');
    const release = () => {
      const value = globals.lookup(key(0))!;
      value[offset] = 1;
      globals.update(key(0), value);
    };
    const ring = open();
    const link = object.attach('hold');
    try {
      child.stdin.end('\n');
      await until(() => ring.lag().produced > 0n);
      produce({ first: 2000, count: 1 });
      expect(ring.lag().produced).toBe(BigInt(taken(8) + taken(16)));
      expect(ring.drain()).toBeUndefined();
      const seen: number[] = [];
      ring.start((batch) => seen.push(...numbersOf(batch)));
      release();
      await until(() => seen.length === 2);
      expect(seen).toEqual([1000, 2000]);
    } finally {
      release();
      link.detach();
    }
  });
});

describe.skipIf(refused)('a consumer that dies', () => {
  function reader(pin: string, command: 'hang' | 'exit' | 'worker'): ChildProcess {
    return spawn(process.execPath, [fixture('ring-reader.mjs'), pin, command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  async function lines(child: ChildProcess, count: number): Promise<string[]> {
    const read: string[] = [];
    for await (const line of createInterface({ input: child.stdout! })) {
      read.push(line);
      if (read.length === count) break;
    }
    return read;
  }

  it('leaves its unacknowledged records in the ring', async ({ skip }) => {
    const pin = scratch.pinPath('dies') ?? skip('no BPF file system');
    const { map, open, produce } = load();
    map.pin(pin);
    produce({ count: 3 });
    const child = reader(pin, 'hang');
    expect(await lines(child, 3)).toEqual(['0', '1', '2']);
    child.kill('SIGKILL');
    await once(child, 'close');
    produce({ first: 3, count: 2 });
    expect(drainAll(open())).toEqual(range(0, 5));
  });

  it.each(['exit', 'worker'] as const)('goes without a crash while its thread runs: %s', async (command) => {
    const pin = scratch.pinPath(`leaves-${command}`);
    if (pin === undefined) return console.warn('skipped: no BPF file system');
    const { map, open, produce } = load();
    map.pin(pin);
    produce({ count: 3 });
    const child = reader(pin, command);
    const closed = once(child, 'close');
    expect(await lines(child, 3)).toEqual(['0', '1', '2']);
    expect(await closed).toEqual([0, null]);
    expect(drainAll(open())).toEqual(range(0, 3));
  });
});

describe.skipIf(refused)('memory', () => {
  it('of a ring is its own: neither map nor object must stay open', () => {
    const { object, map, open, produce } = load();
    const ring = open();
    produce({ count: 2 });
    map.close();
    object.close();
    expect(drainAll(ring)).toEqual([0, 1]);
  });
});
