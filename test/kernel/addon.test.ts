import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import {
  BpfMap,
  BpfObject,
  bootTimeNs,
  KernelError,
  LayoutError,
  Link,
  type OpenOptions,
  possibleCpus,
  unpin,
} from '../../src/kernel/addon.js';
import { key, makeScratch, refusal, words } from './fixtures/bpf.js';

const scratch = makeScratch();
afterAll(() => scratch.remove());

const objectPath = scratch.compile('objects');
const refused = refusal();

function open(options: Partial<OpenOptions> = {}): BpfObject {
  return BpfObject.open(objectPath, { programs: [], ...options });
}

function load(options: Partial<OpenOptions> = {}): BpfObject {
  const object = open(options);
  object.load();
  return object;
}

/** What the call throws, which must be a KernelError. */
function kernelError(call: () => unknown): KernelError {
  try {
    call();
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('helpers', () => {
  it('reads the clock since boot', () => {
    const before = bootTimeNs();
    const monotonic = process.hrtime.bigint();
    expect(before).toBeGreaterThanOrEqual(monotonic - 1_000_000_000n);
    expect(bootTimeNs()).toBeGreaterThan(before);
  });

  it('counts possible CPUs', () => {
    expect(possibleCpus()).toBeGreaterThanOrEqual(1);
  });

  it('never unlinks a file that is no pin', () => {
    expect(() => unpin(objectPath)).toThrow(TypeError);
    expect(unpin(`${objectPath}.absent`)).toBe(false);
  });
});

describe('open', () => {
  it('says which file and why', () => {
    const absent = kernelError(() => BpfObject.open('/nonexistent/a.bpf.o', { programs: [] }));
    expect(absent).toMatchObject({ code: 'ENOENT', operation: 'open /nonexistent/a.bpf.o' });
    const text = `${objectPath}.txt`;
    writeFileSync(text, 'no object');
    expect(kernelError(() => BpfObject.open(text, { programs: [] }))).toMatchObject({ operation: `open ${text}` });
  });

  it('refuses names that the object does not have', () => {
    expect(() => open({ programs: ['absent'] })).toThrow(/has no program 'absent'/);
    expect(() => open({ maps: { absent: { maxEntries: 1 } } })).toThrow(/has no map 'absent'/);
    expect(() => open({ maps: { hash: { inner: { maxEntries: 1 } } } })).toThrow("map 'hash' has no inner map");
    expect(() => open({ rodata: { absent: 1 } })).toThrow(LayoutError);
    expect(() => open({ rodata: { runs: 1 } })).toThrow(/lies in \.bss/);
  });

  it('refuses constants that do not fit', () => {
    expect(() => open({ rodata: { scale: -1 } })).toThrow(RangeError);
    expect(() => open({ rodata: { scale: 2n ** 32n } })).toThrow(RangeError);
    expect(() => open({ rodata: { bias: 2n ** 63n } })).toThrow(RangeError);
    expect(() => open({ rodata: { doubled: 2 } })).toThrow(RangeError);
    expect(() => open({ rodata: { scale: 0.5 } })).toThrow(RangeError);
    expect(() => open({ rodata: { word: 1 } })).toThrow(TypeError);
    expect(() => open({ rodata: { word: new Uint8Array(7) } })).toThrow(/has 8 bytes, not 7/);
  });

  it('knows what comes before and after load, and nothing after close', () => {
    const object = open({ programs: ['add'] });
    expect(() => object.map('hash')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
    expect(() => object.testRun('add')).toThrow("program 'add' is not loaded");
    object.close();
    object.close();
    expect(() => object.load()).toThrow(/is closed$/);
  });
});

describe('layout', () => {
  const layout = open().layout();
  const field = (name: string) => layout.struct('shapes').fields.get(name);

  it('gives sizes, offsets and signs of integers', () => {
    expect(layout.struct('shapes').size).toBe(88);
    expect(field('number')).toMatchObject({ offset: 4, size: 4, kind: 'int', signed: false });
    expect(field('large')).toMatchObject({ offset: 8, size: 8, kind: 'int', signed: true });
    expect(field('pointer')).toMatchObject({ offset: 72, size: 8, kind: 'pointer' });
  });

  it('gives elements of arrays', () => {
    expect(field('text')).toMatchObject({ offset: 16, size: 16, kind: 'array', count: 16, element: { size: 1 } });
    expect(field('points')).toMatchObject({ size: 12, count: 3, element: { kind: 'struct', type: 'point', size: 4 } });
    expect(layout.struct('point').fields.get('x')).toMatchObject({ offset: 0, size: 2, signed: true });
  });

  it('lifts fields of nameless members, and names nameless types by typedef or place', () => {
    expect(field('inside')).toMatchObject({ offset: 48, size: 4 });
    expect(field('either')).toMatchObject({ offset: 56, kind: 'union', type: 'shapes.either' });
    expect(layout.struct('shapes.either').fields.get('left')).toMatchObject({ offset: 0, size: 4 });
    expect(field('last')).toMatchObject({ kind: 'struct', type: 'nameless' });
    expect(layout.struct('nameless').size).toBe(8);
  });

  it('gives bit fields', () => {
    expect(field('low')).toMatchObject({ offset: 64, size: 4, bitfield: { offset: 0, size: 3 } });
    expect(field('high')).toMatchObject({ offset: 64, size: 4, bitfield: { offset: 3, size: 5 } });
  });

  it('gives enumerations and globals', () => {
    expect(layout.enumeration('color')).toEqual({ RED: 1n, GREEN: 7n });
    expect(field('color')).toMatchObject({ kind: 'enum', type: 'color' });
    // What the compiler cut to 32 bits is left out rather than told wrong.
    expect([undefined, { WIDE: 0x123456789an }]).toContainEqual(layout.enumerations.get('wide'));
    expect(layout.variable('bias')).toMatchObject({ section: '.rodata', size: 8, signed: true });
  });

  it('names what is missing', () => {
    expect(() => layout.struct('absent')).toThrow("the BPF object's BTF has no struct 'absent'");
    expect(() => layout.enumeration('absent')).toThrow(LayoutError);
  });
});

describe.skipIf(refused)('load and test run', () => {
  const context = new Uint8Array(32);
  context.set(words(20n, 22n, 0n));

  it('copies the context in and back, and leaves the given one alone', () => {
    const given = context.slice();
    const result = load({ programs: ['add'] }).testRun('add', { context: given });
    expect(result.returnValue).toBe(-1);
    expect(result.durationNs).toBeGreaterThan(0);
    expect(new BigInt64Array(result.context!.slice().buffer)[2]).toBe(42n);
    expect(given).toEqual(context);
  });

  it('writes constants of every kind before load', () => {
    const word = Uint8Array.from('ABCDEFGH', (letter) => letter.charCodeAt(0));
    const object = load({ programs: ['add'], rodata: { scale: 2, bias: -100n, doubled: 1, word } });
    const after = object.testRun('add', { context }).context!;
    expect(new BigInt64Array(after.slice().buffer)[2]).toBe(-32n);
    expect(after.slice(24)).toEqual(word);
  });

  it('repeats with a fresh context each time', () => {
    const object = load({ programs: ['add'] });
    const after = object.testRun('add', { context, repeat: 5 }).context!;
    expect(new BigInt64Array(after.slice().buffer)[2]).toBe(42n);
    const runs = object.layout().variable('runs');
    const globals = object.map('.bss').lookup(key(0))!;
    expect(new DataView(globals.buffer).getBigUint64(runs.offset, true)).toBe(5n);
  });

  it('loads exactly the programs it was told', () => {
    const object = load({ programs: ['add'] });
    expect(() => object.testRun('look')).toThrow("program 'look' is not loaded");
    expect(object.programInfo('add').verifiedInstructions).toBeGreaterThan(10);
    expect(object.programInfo('add').tag).toMatch(/^[0-9a-f]{16}$/);
  });

  it('tells what the verifier had against a program', () => {
    const error = kernelError(() => load({ programs: ['add', 'unchecked'] }));
    expect(error.code).toBe('EACCES');
    expect(error.operation).toBe(`load ${objectPath}`);
    expect(error.message).toContain("program 'unchecked': R0 invalid mem access");
    expect(error.log).toContain('bpf_map_lookup_elem');
  });

  it('keeps the log of a load that went well when asked', () => {
    expect(load({ programs: ['add'] }).log).toBe('');
    expect(load({ programs: ['add'], logLevel: 1 }).log).toMatch(/processed \d+ insns/);
  });

  it('does not take the log of one call for that of the next', () => {
    kernelError(() => load({ programs: ['unchecked'] }));
    const map = load().map('hash');
    map.close();
    expect(kernelError(() => BpfMap.openPinned('/nonexistent')).log).toBe('');
  });

  it('refuses arguments that make no sense', () => {
    const object = load({ programs: ['add'] });
    expect(() => object.testRun('add', { repeat: 0 })).toThrow('repeat must be at least 1');
    expect(() => object.testRun('add', { context, data: context })).toThrow(/takes a context and no data/);
    expect(kernelError(() => object.testRun('add', { context: new Uint8Array(70_000) })).code).toBe('EINVAL');
  });
});

describe.skipIf(refused)('maps', () => {
  it('reads, writes, deletes and walks a hash', () => {
    const hash = load().map('hash');
    expect(hash).toMatchObject({ name: 'hash', type: 'hash', keySize: 4, valueSize: 8, maxEntries: 4 });
    expect(hash.lookup(key(1))).toBeUndefined();
    hash.update(key(1), words(11n));
    hash.update(key(2), words(12n), 'create');
    expect(hash.lookup(key(1))).toEqual(words(11n));
    expect(kernelError(() => hash.update(key(2), words(13n), 'create')).code).toBe('EEXIST');
    expect(kernelError(() => hash.update(key(3), words(13n), 'existing')).code).toBe('ENOENT');
    expect([...hash.keys()].map((bytes) => bytes[0]).sort()).toEqual([1, 2]);
    expect(hash.delete(key(1))).toBe(true);
    expect(hash.delete(key(1))).toBe(false);
  });

  it('says what size a key and a value must have', () => {
    const hash = load().map('hash');
    expect(() => hash.lookup(new Uint8Array(3))).toThrow(new TypeError('key must be of 4 bytes, not 3'));
    expect(() => hash.update(key(1), new Uint8Array(4))).toThrow(new TypeError('value must be of 8 bytes, not 4'));
    expect(() => hash.lookup('1' as unknown as Uint8Array)).toThrow(new TypeError('key must be a Uint8Array'));
  });

  it('names the map that refuses', () => {
    const hash = load({ maps: { hash: { maxEntries: 1 } } }).map('hash');
    hash.update(key(1), words(1n));
    const error = kernelError(() => hash.update(key(2), words(1n)));
    expect(error).toMatchObject({ code: 'E2BIG', operation: "update map 'hash'" });
    expect(error.message).toMatch(/^cannot update map 'hash': .* \(E2BIG\)$/);
  });

  it('takes sizes before load', () => {
    const object = load({ maps: { hash: { maxEntries: 99, valueSize: 16 } } });
    expect(object.map('hash')).toMatchObject({ maxEntries: 99, valueSize: 16 });
  });

  it('gives the values of all CPUs', () => {
    const object = load({ programs: ['look'] });
    const counts = object.map('counts');
    object.testRun('look', { context: new Uint8Array(24), repeat: 3 });
    const values = counts.lookup(key(0))!;
    expect(values.byteLength).toBe(8 * possibleCpus());
    const each = Array.from(new BigUint64Array(values.buffer));
    expect(each.reduce((sum, value) => sum + value, 0n)).toBe(3n);
    counts.update(key(0), new Uint8Array(values.byteLength));
    expect(counts.lookup(key(0))!.every((byte) => byte === 0)).toBe(true);
  });

  it('shares the memory of an array, past the end of handle and object', () => {
    const object = load({ programs: ['look'] });
    const map = object.map('shared');
    const memory = new BigUint64Array(map.mmap());
    expect(memory.length).toBe(6);
    Atomics.store(memory, 3, 77n);
    const seen = object.testRun('look', { context: new Uint8Array(24) }).context!;
    expect(new BigUint64Array(seen.slice().buffer)[2]).toBe(77n);
    map.update(key(2), words(5n, 6n));
    expect([memory[4], memory[5]]).toEqual([5n, 6n]);
    map.close();
    object.close();
    memory[0] = 1n;
    expect(memory[3]).toBe(77n);
    expect(() => map.lookup(key(0))).toThrow("map 'shared' is closed");
  });

  it('shares no memory of other maps', () => {
    expect(() => load().map('hash').mmap()).toThrow("map 'hash' is not an array with BPF_F_MMAPABLE");
  });

  it('replaces inner maps', () => {
    const object = load({ programs: ['look'] });
    const look = (slot: number) => {
      const context = new Uint8Array(24);
      context.set(key(slot));
      const after = object.testRun('look', { context }).context!;
      const view = new DataView(after.buffer);
      return view.getUint32(4, true) === 1 ? view.getBigUint64(8, true) : undefined;
    };
    object.map('first').update(key(0), words(100n));
    object.map('second').update(key(0), words(200n));
    expect([look(0), look(1)]).toEqual([100n, undefined]);
    object.map('tables').replaceInner(key(0), object.map('second'));
    const third = BpfMap.create({ type: 'array', name: 'third', keySize: 4, valueSize: 8, maxEntries: 1 });
    third.update(key(0), words(300n));
    object.map('tables').replaceInner(key(1), third);
    third.close();
    expect([look(0), look(1)]).toEqual([200n, 300n]);
  });

  it('sizes inner maps before load, and refuses those of another shape after', () => {
    const size = { valueSize: 64 };
    const object = load({ maps: { tables: { inner: size }, first: size } });
    expect(kernelError(() => object.map('tables').replaceInner(key(1), object.map('second'))).code).toBe('EINVAL');
    object.map('tables').replaceInner(key(1), object.map('first'));
  });

  it('does not create what it does not know', () => {
    const shape = { name: 'x', keySize: 4, valueSize: 4, maxEntries: 1 };
    expect(() => BpfMap.create({ type: 'nonsense', ...shape })).toThrow("no type of map is called 'nonsense'");
    expect(kernelError(() => BpfMap.create({ type: 'ringbuf', ...shape })).operation).toBe('create map x');
  });

  it('survives as a pin', ({ skip }) => {
    const path = scratch.pinPath('map') ?? skip('no BPF file system');
    const object = load();
    object.map('hash').update(key(7), words(7n));
    object.map('hash').pin(path);
    object.close();
    const again = BpfMap.openPinned(path);
    expect(again.lookup(key(7))).toEqual(words(7n));
    expect(kernelError(() => again.pin(path)).code).toBe('EEXIST');
    expect(unpin(path)).toBe(true);
    expect(kernelError(() => BpfMap.openPinned(path)).code).toBe('ENOENT');
  });
});

describe.skipIf(refused)('links', () => {
  function attach() {
    const object = load({ programs: ['on_call'], rodata: { watched: process.pid } });
    const calls = () => {
      const { offset } = object.layout().variable('calls');
      return new DataView(object.map('.bss').lookup(key(0))!.buffer).getBigUint64(offset, true);
    };
    return { object, link: object.attach('on_call'), calls };
  }

  it('runs the program until it is detached', () => {
    const { link, calls } = attach();
    expect(calls()).toBeLessThan(calls());
    link.detach();
    link.detach();
    expect(calls()).toBe(calls());
    expect(() => link.pin('/sys/fs/bpf/x')).toThrow('the link is detached');
  });

  it('outlives its object', () => {
    const { object, link } = attach();
    const globals = object.map('.bss');
    object.close();
    const count = () => globals.lookup(key(0))!.join();
    expect(count()).not.toBe(count());
    link.detach();
    expect(count()).toBe(count());
  });

  it('stays attached by its pin after release, and is detached with it', ({ skip }) => {
    const path = scratch.pinPath('link') ?? skip('no BPF file system');
    const { link, calls } = attach();
    link.pin(path);
    link.release();
    expect(calls()).toBeLessThan(calls());
    Link.openPinned(path).detach();
    expect(calls()).toBe(calls());
    expect(kernelError(() => Link.openPinned(path)).code).toBe('ENOENT');
  });

  it.for(['unpin', 'by-hand', 'both'] as const)(
    'is pinned again after its pin was removed: %s',
    (removed, { skip }) => {
      const path = scratch.pinPath(`link-${removed}`) ?? skip('no BPF file system');
      const { link, calls } = attach();
      link.pin(path);
      expect(() => link.pin(`${path}-2`)).toThrow(`the link is pinned at ${path}`);
      if (removed !== 'unpin') unpin(path);
      link.unpin();
      if (removed === 'both') link.unpin();
      expect(kernelError(() => Link.openPinned(path)).code).toBe('ENOENT');
      link.pin(path);
      link.release();
      expect(calls()).toBeLessThan(calls());
      Link.openPinned(path).detach();
      expect(calls()).toBe(calls());
    },
  );

  it('says why a program cannot be attached', () => {
    const object = load({ programs: ['add'] });
    expect(kernelError(() => object.attach('add')).operation).toBe("attach program 'add'");
    expect(() => object.attach('look')).toThrow("program 'look' is not loaded");
  });
});
