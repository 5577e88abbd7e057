// A session on a real kernel, tier tracepoint: what is in force stays as it is while another image comes, and while one is refused.
// Whatever enforces, enforces on a file of this test alone.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../src/compiler/index.js';
import { readAbi } from '../../src/kernel/abi.js';
import { BpfObject } from '../../src/kernel/addon.js';
import { pinnedSets } from '../../src/kernel/pins.js';
import { smallestCapacity } from '../../src/kernel/programs.js';
import { openSession } from '../../src/kernel/session.js';
import type { AncestrySource, Executable, KernelRecord, KernelSession } from '../../src/kernel/types.js';
import { loadPolicies } from '../../src/policy/index.js';
import { toBytes } from '../../src/secl/bytes.js';

const marker = `portcullis-session-${process.pid}`;
const directory = mkdtempSync(join(tmpdir(), `${marker}-`));
const program = join(directory, marker);

/** The program in a file system whose answers are another program's. */
const mountPoint = join(directory, 'fuse');
const served = join(mountPoint, marker);

function imageOf(rules: string): Uint8Array {
  const ruleset = loadPolicies([{ file: 'session.policy', text: `version: 1.0.0\nrules:\n${rules}` }]);
  expect(ruleset.diagnostics).toEqual([]);
  return compile(ruleset).image;
}

/** A rule about the file of this test, and the same that kills it. */
const watches = imageOf(`  - {id: watches, expression: exec.file.path == "${program}"}\n`);
const kills = imageOf(`  - id: kills
    expression: exec.file.path == "${program}"
    mode: enforce
    actions: [{kill: {signal: SIGKILL}}]
`);
const asksForAncestors = imageOf(
  `  - {id: descends, expression: 'exec.file.path == "${program}" && process.ancestors.file.name == "${marker}"'}\n`,
);
const asksForMore = imageOf(`  - {id: other, expression: exec.pid == 1}
  - {id: descends, expression: 'exec.file.path == "${program}" && process.ancestors.file.name in ["${marker}", "b"]'}
`);

/** The same image, too large for the slots that a session begins with. */
function larger(image: Uint8Array): Uint8Array {
  const large = new Uint8Array(smallestCapacity + 8);
  large.set(image);
  return large;
}

function run(file = program): NodeJS.Signals | null {
  return spawnSync(file).signal;
}

let pins: string;
let count = 0;
let session: KernelSession;

async function records(): Promise<KernelRecord[]> {
  const all = await session.drain();
  return all.filter(({ path, verdict }) => path === program && verdict !== 'none');
}

function executable(path: string): Executable {
  const { ctimeNs, size } = statSync(path, { bigint: true });
  return { ctime: ctimeNs, size, name: toBytes(basename(path)) };
}

/** A number of the state that the kernel works by. */
function setting(name: string): number {
  const object = BpfObject.open('build/bpf/exec.bpf.o', { programs: [] });
  const { offset } = readAbi(object.layout()).struct('pc_state').fields.get(name)!;
  object.close();
  const map = pinnedSets(pins).sets[0]!.map('state');
  const state = map.lookup(new Uint8Array(4))!;
  map.close();
  return new DataView(state.buffer, state.byteOffset).getUint32(offset, true);
}

describe.skipIf(process.getuid?.() !== 0)('a session', () => {
  beforeEach(async () => {
    pins = `/sys/fs/bpf/${marker}-${count++}`;
    session = await openSession({ agentPid: process.pid, tier: 'tracepoint', pins });
    session.takeOver();
  });
  afterEach(async () => {
    await session.close();
    execFileSync('rm', ['-rf', pins]);
  });
  beforeAll(() => copyFileSync('/bin/true', program));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  describe('when an image on trial outgrows the slots', () => {
    it('keeps a rule in monitor that somebody has put there', async () => {
      await session.activate(kills);
      expect(run()).toBe('SIGKILL');
      session.setMode(0, 'monitor');
      expect(run()).toBeNull();
      await session.stage(larger(watches));
      expect(run()).toBeNull();
      await session.discard();
      expect(run()).toBeNull();
      session.setMode(0, 'enforce');
      expect(run()).toBe('SIGKILL');
    });

    it('keeps the number of the image in force, and no record is like another', async () => {
      await session.activate(watches);
      const told: KernelRecord[] = [];
      session.start((batch) => {
        told.push(...batch.records.filter(({ path }) => path === program));
        batch.acknowledge();
      });
      for (let before = 0; before < 5; before++) run();
      expect(await session.stage(larger(kills))).toMatchObject({ generation: 2n });
      for (let after = 0; after < 5; after++) run();
      await session.discard();
      run();
      told.push(...(await records()));
      const inForce = told.filter(({ shadow }) => !shadow);
      expect(inForce.map(({ generation }) => generation)).toEqual(Array(11).fill(1n));
      expect(new Set(inForce.map(({ exec }) => exec)).size).toBe(11);
      expect(told.filter(({ shadow }) => shadow).map(({ generation }) => generation)).toEqual(Array(5).fill(2n));
    });

    it('keeps since when rules enforce, and what becomes of an exec that nobody saw', async () => {
      await session.activate(watches, { since: [5n], onUnseen: 'enforce' });
      await session.stage(larger(kills), { since: [7n], onUnseen: 'report' });
      expect(setting('on_unseen')).toBe(1);
      const again = await session.activate(watches, { onEqual: 'keep', onUnseen: 'enforce' });
      expect(again).toMatchObject({ generation: 1n, since: [5n] });
    });

    it('keeps what breakers have counted', async () => {
      session.breakAfter(1);
      session.establish([executable(program), executable(process.execPath)]);
      await session.activate(kills);
      expect(run()).toBe('SIGKILL');
      const counted = [{ rule: 0, distinct: 1, tripped: false }];
      expect(session.trips()).toEqual(counted);
      await session.stage(larger(watches));
      expect(session.trips()).toEqual(counted);
      expect(run()).toBe('SIGKILL');
      expect(session.trips()).toEqual(counted);
    });

    it('asks whoever knew before what processes are to the image in force', async () => {
      const asked: string[] = [];
      const bits = { yes: 0n, unknown: 0n };
      const source =
        (name: string): AncestrySource =>
        ({ pid }) => {
          asked.push(name);
          return { exec: (1n << 63n) | BigInt(pid), self: bits, ancestors: bits };
        };
      await session.activate(asksForAncestors, { ancestry: source('in force') });
      asked.length = 0;
      await session.stage(larger(asksForMore), { ancestry: source('on trial') });
      expect([asked[0], asked.at(-1)]).toEqual(['in force', 'on trial']);
    });

    it('puts it into force when that is asked for', async () => {
      await session.activate(watches, { onUnseen: 'enforce' });
      await session.stage(larger(kills), { onUnseen: 'report' });
      expect(run()).toBeNull();
      expect(await session.promote()).toMatchObject({ generation: 2n });
      expect(setting('on_unseen')).toBe(0);
      expect(run()).toBe('SIGKILL');
      expect(await session.activate(watches)).toMatchObject({ generation: 3n });
      expect(run()).toBeNull();
    });
  });

  describe('when an image is refused in the middle', () => {
    const unknowing: AncestrySource = () => {
      throw new Error('nobody knows');
    };
    const attached = () => readdirSync(`${pins}/set-1/links-1`);

    it.each(['activate', 'stage'] as const)('leaves no trace of it: %s', async (how) => {
      await session.activate(watches, { onUnseen: 'report' });
      const before = attached();
      const refused = session[how](asksForAncestors, { onUnseen: 'enforce', ancestry: unknowing });
      await expect(refused).rejects.toThrow('nobody knows');
      expect(setting('on_unseen')).toBe(0);
      expect(attached()).toEqual(before);
      await expect(session.promote()).rejects.toMatchObject({ code: 'no-shadow' });
      run();
      const told = (await session.drain()).filter(({ path }) => path === program);
      expect(told.map(({ generation }) => generation)).toEqual([1n]);
    });

    it('gives its number to no other: what processes are to it is noted already', async () => {
      await session.activate(watches);
      await expect(session.activate(asksForAncestors, { ancestry: unknowing })).rejects.toThrow();
      await expect(session.stage(asksForAncestors, { ancestry: unknowing })).rejects.toThrow();
      expect(await session.activate(asksForAncestors)).toMatchObject({ generation: 4n });
    });

    it('keeps following forks for an image in force that asks for ancestors', async () => {
      await session.activate(asksForAncestors);
      const before = attached();
      await expect(session.activate(asksForMore, { ancestry: unknowing })).rejects.toThrow();
      expect(attached()).toEqual(before);
      expect(before).toContain('inherit');
    });

    it('ends the trial whose place it would have taken', async () => {
      await session.activate(watches);
      await session.stage(kills);
      await expect(session.stage(asksForAncestors, { ancestry: unknowing })).rejects.toThrow();
      await expect(session.promote()).rejects.toMatchObject({ code: 'no-shadow' });
      expect(run()).toBeNull();
    });
  });

  describe('a breaker', () => {
    it('never takes a file for one that ran before when a program says what its times are', async (context) => {
      if (!existsSync('/dev/fuse')) context.skip('there is no /dev/fuse here');
      mkdirSync(mountPoint);
      const host = spawn('build/programs/fuse-host', [mountPoint, program], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(host, 'exit');
      try {
        await Promise.race([once(host.stdout, 'data'), ended]);
        expect(host.exitCode).toBeNull();
        expect(executable(served)).toEqual(executable(program));
        session.breakAfter(1);
        session.establish([executable(program), executable(process.execPath)]);
        await session.activate(
          imageOf(`  - id: kills
    expression: exec.file.path in ["${program}", "${served}"]
    mode: enforce
    actions: [{kill: {signal: SIGKILL}}]
`),
        );
        expect(run(served)).toBe('SIGKILL');
        expect(session.trips()).toEqual([]);
        expect(run(program)).toBe('SIGKILL');
        expect(session.trips()).toEqual([{ rule: 0, distinct: 1, tripped: false }]);
      } finally {
        execFileSync('umount', ['-l', mountPoint]);
        await ended;
      }
    });
  });
});
