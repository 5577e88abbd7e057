// Pins in a real BPF file system, tier tracepoint and monitor only: an agent that is killed leaves the kernel deciding, and the next
// one goes on with the same maps.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../src/compiler/index.js';
import { PinnedSet, pinnedSets } from '../../src/kernel/pins.js';
import { lockPins } from '../../src/kernel/pins-lock.js';
import { ProgramSet, smallestCapacity } from '../../src/kernel/programs.js';
import { openSession } from '../../src/kernel/session.js';
import { tiers } from '../../src/kernel/tiers.js';
import type { KernelRecord, KernelSession, RecordBatch } from '../../src/kernel/types.js';
import { COUNTER_NAMES } from '../../src/kernel/types.js';
import { loadPolicies } from '../../src/policy/index.js';

const marker = `portcullis-pins-${process.pid}`;
const text = `version: 1.0.0\nrules:\n  - id: marked\n    expression: exec.argv0 == "${marker}"\n`;
const { image } = compile(loadPolicies([{ file: 'pins.policy', text }]));

let pins: string;
let count = 0;
const open: KernelSession[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  pins = `/sys/fs/bpf/portcullis-test-${process.pid}-${count++}`;
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const session of open.splice(0)) await session.close();
  execFileSync('rm', ['-rf', pins]);
});

async function session(): Promise<KernelSession> {
  const opened = await openSession({ agentPid: process.pid, tier: 'tracepoint', pins });
  open.push(opened);
  return opened;
}

function execMarked(): number {
  const script = `exec -a ${marker} /bin/true`;
  execFileSync('bash', ['-c', script]);
  return 1;
}

async function recordsOf(opened: KernelSession): Promise<KernelRecord[]> {
  const records = await opened.drain();
  return records.filter(({ argv }) => argv[0] === marker);
}

/** Another process that puts the image into force and is killed. */
async function killedAgent(): Promise<void> {
  const source = `
    const { openSession } = await import('./dist/kernel/session.js');
    const session = await openSession({ agentPid: process.pid, tier: 'tracepoint', pins: '${pins}' });
    session.takeOver();
    await session.activate(Uint8Array.from(Buffer.from(process.argv[1], 'base64')));
    console.log('ready');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source, Buffer.from(image).toString('base64')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout!, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe.skipIf(process.getuid?.() !== 0)('pins', () => {
  it('keep the kernel deciding when the agent is killed, and its records for the next one', async () => {
    await killedAgent();
    const made = execMarked() + execMarked();
    const next = await session();
    expect(next.takeOver()).toMatchObject({ is: 'adopted', generation: 1n });
    const meanwhile = execMarked();
    expect(await next.activate(image, { onEqual: 'keep' })).toMatchObject({ generation: 1n });
    const records = await recordsOf(next);
    expect(new Set(records.map(({ exec }) => exec)).size).toBe(made + meanwhile);
    expect(new Set(records.map(({ cpu, sequence }) => `${cpu}/${sequence}`)).size).toBe(records.length);
    expect(records.every(({ generation }) => generation === 1n)).toBe(true);
  });

  it('keep count of what was lost while no agent ran', async () => {
    await killedAgent();
    const counters = pinnedSets(pins).sets[0]!.map('counters');
    const key = new Uint8Array(Uint32Array.of(COUNTER_NAMES.indexOf('lost_report')).buffer);
    const perCpu = new BigUint64Array(counters.lookup(key)!.byteLength / 8).fill(1n);
    counters.update(key, new Uint8Array(perCpu.buffer));
    counters.close();
    const next = await session();
    expect(next.takeOver()).toMatchObject({ is: 'adopted', counters: { lost_report: BigInt(perCpu.length) } });
  });

  it('tell each exec once, while the programs of two agents are attached', async () => {
    const first = await session();
    first.takeOver();
    await first.activate(image);
    const [home] = pinnedSets(pins).sets;
    home!.dropEarlierLinks = () => {};
    const tier = tiers.find(({ name }) => name === 'tracepoint')!;
    const second = ProgramSet.adopt('build/bpf/exec.bpf.o', tier, home!, process.pid);
    const made = execMarked() + execMarked() + execMarked();
    second.leave();
    second.close();
    expect(await recordsOf(first)).toHaveLength(made);
  });

  it('swap even for the same when that is asked for', async () => {
    await killedAgent();
    const next = await session();
    next.takeOver();
    expect(await next.activate(image)).toMatchObject({ generation: 2n });
  });

  it('count on in generations when the image is another', async () => {
    await killedAgent();
    const next = await session();
    next.takeOver();
    const padded = new Uint8Array(image.length + 8);
    padded.set(image);
    expect(await next.activate(padded)).toMatchObject({ generation: 2n });
  });

  it('leave one set of links after an adoption', async () => {
    await killedAgent();
    const next = await session();
    next.takeOver();
    expect(readdirSync(pins)).toEqual(['set-1']);
    expect(readdirSync(`${pins}/set-1`).filter((name) => name.startsWith('links-'))).toEqual(['links-2']);
  });

  it('of a set that was outgrown stay until its last record is safe', async () => {
    const only = await session();
    only.takeOver();
    await only.activate(image);
    const made = execMarked();
    const large = new Uint8Array(smallestCapacity + 8);
    large.set(image);
    await only.activate(large);
    expect(readdirSync(pins)).toEqual(['set-1', 'set-2']);
    const batches: RecordBatch[] = [];
    only.start((batch) => batches.push(batch));
    expect(batches.flatMap(({ records }) => records)).toHaveLength(made);
    expect(readdirSync(pins)).toEqual(['set-1', 'set-2']);
    for (const batch of batches) batch.acknowledge();
    expect(readdirSync(pins)).toEqual(['set-2']);
  });

  it('of a set that was outgrown are there for the next agent, with records that nobody made safe', async () => {
    const first = await session();
    first.takeOver();
    await first.activate(image);
    const made = execMarked();
    const large = new Uint8Array(smallestCapacity + 8);
    large.set(image);
    await first.activate(large);
    first.start(() => {});
    await first.leave();
    open.pop();
    const next = await session();
    next.takeOver();
    const records: KernelRecord[] = [];
    next.start((batch) => {
      records.push(...batch.records);
      batch.acknowledge();
    });
    await next.activate(large, { onEqual: 'keep' });
    expect(records.filter(({ generation }) => generation === 1n)).toHaveLength(made);
    expect(readdirSync(pins)).toEqual(['set-2']);
  });

  it('of another tier decide until the first image does, and their records keep their numbers', async () => {
    await killedAgent();
    const made = execMarked();
    const [left] = pinnedSets(pins).sets;
    unlinkSync(`${pins}/set-1/record`);
    new PinnedSet(left!.path, { ...left!.record, tier: 'kprobe' }).complete();
    const next = await session();
    expect(next.takeOver()).toMatchObject({ is: 'replacing' });
    const meanwhile = execMarked();
    const batches: RecordBatch[] = [];
    next.start((batch) => batches.push(batch));
    expect(await next.activate(image)).toMatchObject({ generation: 2n });
    const records = batches.flatMap((batch) => batch.records);
    expect(records.map(({ generation }) => generation)).toEqual(Array(made + meanwhile).fill(1n));
    expect(readdirSync(pins)).toEqual(['set-1', 'set-2']);
    for (const batch of batches) batch.acknowledge();
    expect(readdirSync(pins)).toEqual(['set-2']);
  });

  it('are released by close, and kept by leave', async () => {
    const first = await session();
    first.takeOver();
    await first.activate(image);
    expect(readdirSync(pins)).toEqual(['set-1']);
    await first.leave();
    open.pop();
    execMarked();
    const second = await session();
    expect(second.takeOver()).toMatchObject({ is: 'adopted' });
    expect(await recordsOf(second)).toHaveLength(1);
    await second.close();
    open.pop();
    expect(readdirSync(pins)).toEqual([]);
  });

  it('of half a start are removed', async () => {
    mkdirSync(`${pins}/set-7/maps`, { recursive: true });
    const only = await session();
    expect(only.takeOver()).toEqual({ is: 'nothing', halves: 1 });
    expect(existsSync(`${pins}/set-7`)).toBe(false);
  });

  it('admit one agent, and say which', async () => {
    await session();
    await expect(openSession({ agentPid: process.pid, tier: 'tracepoint', pins })).rejects.toMatchObject({
      code: 'pins-held',
      message: expect.stringContaining(`process ${process.pid} `),
    });
  });

  it('do not stay locked by an agent that is gone', async () => {
    const below = `/tmp/portcullis-lock-${process.pid}`;
    const gone = spawn('/bin/true');
    const lock = lockPins(pins, gone.pid!, below);
    await once(gone, 'exit');
    expect(() => lockPins(pins, process.pid, below).release()).not.toThrow();
    lock.release();
    rmSync(below, { recursive: true });
  });
});
