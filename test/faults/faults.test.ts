// What goes wrong on hosts, one by one. The titles are the table of docs/faults.md. Disks are small real ones, and file systems are really
// missing, in a mount namespace that only the agent sees; memory is really short; the kernel is a fake where it has to fail otherwise.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { Agent } from '../../src/agent/agent.js';
import { limits } from '../../src/agent/limits.js';
import { KernelError } from '../../src/kernel/addon.js';
import { Store } from '../../src/rollout/follower/store.js';
import { readJournal } from '../../src/telemetry/journal/index.js';
import { Bench } from '../agent/support.js';
import { record } from '../events/support.js';
import { fault } from './fault.js';
import { refusedForMemory } from './little-memory.js';
import { RealAgent } from './real-agent.js';

let bench: Bench;
let real: RealAgent;
let agent: Agent | undefined;
/** A disk of 64 KiB. */
let disk: string;
let mounted = false;

beforeEach(() => {
  bench = new Bench();
  real = new RealAgent();
  agent = undefined;
  disk = join(bench.directory, 'disk');
  mkdirSync(disk);
});

afterEach(async () => {
  vi.useRealTimers();
  await agent?.stop('end of the test');
  await real.end();
  if (mounted) execFileSync('umount', ['-l', disk]);
  mounted = false;
  real.dispose();
  bench.dispose();
});

function mountDisk(options = 'size=64k'): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', disk]);
  mounted = true;
}

/** Takes every byte that is left. */
function fill(): void {
  try {
    for (;;) appendFileSync(join(disk, 'filler'), 'x'.repeat(512));
  } catch {}
  // what one more byte does not fit into
  try {
    for (;;) appendFileSync(join(disk, 'filler'), 'x');
  } catch {}
}

const withJournal = () =>
  ({ journal: { directory: { at: 'path', path: join(disk, 'journal') }, size: 1_048_576, sync: 'batch' } }) as const;
const withState = () => ({ state: { directory: { at: 'path', path: join(disk, 'state') } } }) as const;

const events = () => bench.entries.filter(({ msg }) => msg === 'event');
const said = (code: string) => bench.entries.filter(({ msg }) => msg === code);

/** Records of the kernel that the agent has made safe. */
async function tell(...sequences: bigint[]): Promise<void> {
  const before = bench.session.acknowledged;
  bench.session.send(...sequences.map((sequence) => record({ sequence, rules: [0] })));
  await expect.poll(() => bench.session.acknowledged).toBe(before + sequences.length);
}

fault(
  'The disk is full under the journal',
  'events go to the log at once, counted as `unwritten`; the journal takes them again when there is room',
  async () => {
    mountDisk();
    agent = await bench.start(withJournal());
    await tell(1n);
    fill();
    await tell(2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n);
    await expect.poll(() => events().length).toBe(9);
    expect(said('journal-failed')).toMatchObject([{ level: 'error', code: 'ENOSPC' }]);
    expect(agent.status).toMatchObject({ status: 'ready' });
    rmSync(join(disk, 'filler'));
    let sequence = 10n;
    await expect
      .poll(
        async () => {
          await tell(sequence++);
          return said('journal-recovered').length;
        },
        { timeout: 20_000 },
      )
      .toBe(1);
  },
);

fault(
  'The disk is full under the cached image',
  'the policy is in force, `image-not-cached` is in the log, and the next start compiles first',
  async () => {
    mountDisk();
    fill();
    agent = await bench.start(withState());
    await agent.stop('the test goes on');
    agent = undefined;
    expect(said('image-not-cached')).toMatchObject([{ level: 'warn' }]);
    expect(bench.session.calls).toContain('activate enforce');
    const next = new Bench();
    agent = await next.start(withState());
    await next.logged();
    expect(next.codes).not.toContain('image-cached');
    expect(next.session.calls).toEqual(['selfTest', 'start', 'activate enforce']);
    await agent.stop('the test goes on');
    next.dispose();
  },
);

fault(
  'The disk is full under the store of distributed policies',
  'a new release is refused, and what was verified and in force last is still there whole',
  async () => {
    mountDisk();
    const store = await Store.open(join(disk, 'rollout'));
    const trusted = { pinned: 'a', files: { root: '{}' } };
    await store.saveTrusted(trusted);
    fill();
    const newer = { pinned: 'a', files: { root: 'x'.repeat(10_000) } };
    await expect(store.saveTrusted(newer)).rejects.toMatchObject({ code: 'store-unwritable' });
    expect(store.trusted).toEqual(trusted);
    const again = await Store.open(join(disk, 'rollout'));
    expect(again.trusted).toEqual(trusted);
    expect(again.damage).toEqual([]);
  },
);

fault(
  'The disk is read-only',
  'the policy comes into force, events go to the log, and `journal-failed` and `image-not-cached` say what is missing',
  async () => {
    mountDisk();
    for (const name of ['journal', 'state']) mkdirSync(join(disk, name));
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    agent = await bench.start({ ...withJournal(), ...withState() });
    await tell(1n);
    await expect.poll(() => events().length).toBe(1);
    await expect.poll(() => said('image-not-cached').length).toBe(1);
    expect(said('journal-failed')).toMatchObject([{ code: 'EROFS' }]);
    expect(agent.status).toMatchObject({ status: 'ready' });
  },
);

fault(
  'There is no BPF file system where pins are wanted',
  'the agent does not start, says so, and nothing stays attached',
  async () => {
    real.start('umount -l /sys/fs/bpf', { PORTCULLIS_PINS_DIRECTORY: '/sys/fs/bpf/portcullis-faults' });
    expect(await real.ended()).toBe(1);
    expect(real.lines('cannot-start')).toMatchObject([{ text: expect.stringContaining('BPF file system') }]);
  },
);

fault(
  'There is no cgroup2',
  'the policy comes into force, rules that ask for containers are unknown, and `cgroups-unknown` says so',
  async () => {
    real.start('mount -t tmpfs none /sys/fs/cgroup');
    expect(await real.ready()).toMatchObject({ status: 'ready', rules: 1 });
    expect(real.lines('cgroups-unknown')).toMatchObject([{ level: 'warn' }]);
    expect(await real.end()).toBe(0);
  },
);

function runsProgram(pid: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) !== '';
  } catch {
    return false;
  }
}

fault(
  '`/proc` is mounted with `hidepid`',
  'the agent sees all processes as before, since it may trace them',
  async () => {
    real.start('mount -t proc -o hidepid=invisible proc /proc');
    await real.ready();
    const sweep = () => real.lines('sweep')[0];
    await expect.poll(sweep, { timeout: 20_000 }).toBeDefined();
    // threads of the kernel run no program; processes come and go meanwhile
    const programs = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && runsProgram(name)).length;
    expect(Number(sweep()!.judged)).toBeGreaterThan(programs / 2);
    expect(await real.end()).toBe(0);
  },
);

fault(
  'The kernel has no memory for a new image',
  'the reload is refused with the reason, and the old policy stays in force',
  async () => {
    // the kernel itself, where a control group can have little memory
    const outcome = await refusedForMemory(real.directory);
    if (outcome !== undefined) {
      expect(outcome.refused).toMatchObject({ code: 'ENOMEM', message: expect.stringContaining('memory') });
      expect(outcome.told).toEqual([outcome.generation]);
    }
    // what the agent makes of that
    agent = await bench.start();
    const { image } = bench.session;
    bench.writePolicy('another');
    bench.session.failures.set(
      'activate',
      new KernelError('ENOMEM', 'load build/bpf/exec.bpf.o', 'Cannot allocate memory', ''),
    );
    expect(await agent.reload()).toBe('refused');
    expect(bench.session.image).toBe(image);
    await bench.logged();
    expect(said('reload-refused')).toMatchObject([{ text: expect.stringContaining('Cannot allocate memory') }]);
    expect(agent.status).toMatchObject({ status: 'ready', generation: 1 });
    await tell(1n);
    expect(events()).toMatchObject([{ agent: { rule_id: 'deny_xmrig' } }]);
  },
);

fault(
  'The kernel has no memory to remember a task',
  'the exec is a verdict of its own, `unseen`: it is told, and killed where `on_unseen` says so',
  async () => {
    agent = await bench.start({ onUnseen: 'enforce' });
    expect(bench.session.calls).toContain('activate enforce');
    bench.session.send(record({ stage: 'unseen', verdict: 'unseen', rules: [] }));
    await expect.poll(() => events().length).toBe(1);
    expect(events()).toMatchObject([{ portcullis: { stage: 'unseen', verdict: 'unseen' } }]);
  },
);

fault(
  'The journal is damaged',
  'the line is passed over and counted as `damaged`; all others reach the log',
  async () => {
    bench.config.log = { level: 'debug', destination: { to: 'file', path: bench.logFile } };
    const directory = join(disk, 'journal');
    agent = await bench.start(withJournal());
    await tell(1n, 2n, 3n);
    await agent.stop('the test goes on');
    agent = undefined;
    const path = join(directory, '000000000001.journal');
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    writeFileSync(path, [lines[0], lines[1]!.replace('event', 'evens'), lines[2], 'half a li'].join('\n'));
    // nobody knows how far the log was: it gets everything again
    rmSync(join(directory, 'delivered'), { force: true });
    const next = new Bench();
    agent = await next.start(withJournal());
    await expect.poll(() => next.codes.filter((code) => code === 'event').length).toBe(2);
    next.session.send(record({ sequence: 9n, rules: [0] }));
    await expect.poll(() => next.codes.filter((code) => code === 'event').length).toBe(3);
    const metrics = await (await fetch(`${agent.url}/metrics`)).text();
    expect(metrics).toMatch(/portcullis_journal_lines_lost_total\{reason="damaged"\} [12]/);
    await agent.stop('the test goes on');
    agent = undefined;
    next.dispose();
  },
);

fault(
  'The cached image is damaged',
  'it is not used, `image-cache-ignored` says why, policies are compiled first, and a whole one is kept again',
  async () => {
    agent = await bench.start(withState());
    await agent.stop('the test goes on');
    const path = join(disk, 'state', 'image');
    const bytes = readFileSync(path);
    bytes[bytes.length - 9]! ^= 0x10;
    writeFileSync(path, bytes);
    for (const expected of ['image-cache-ignored', 'image-cached']) {
      const next = new Bench();
      agent = await next.start(withState());
      await agent.stop('the test goes on');
      agent = undefined;
      expect(next.codes).toContain(expected);
      expect(next.session.calls).toContain('activate enforce');
      next.dispose();
    }
  },
);

fault(
  'The clock jumps, by a day, forwards or back',
  'events are told and kept in the order in which they happened, dated by the new time; nothing else changes',
  async () => {
    mountDisk('size=1m');
    vi.useFakeTimers({ toFake: ['Date'] });
    agent = await bench.start(withJournal());
    const began = Date.now();
    const day = 86_400_000;
    for (const [index, jump] of [0, day, -day].entries()) {
      vi.setSystemTime(began + jump);
      await tell(BigInt(index + 1));
    }
    await expect.poll(() => events().length).toBe(3);
    expect(agent.status).toMatchObject({ status: 'ready' });
    const kept: Record<string, unknown>[] = [];
    for await (const line of readJournal({ directory: join(disk, 'journal') })) kept.push(line);
    expect(kept.map(({ portcullis }) => portcullis)).toEqual(events().map(({ portcullis }) => portcullis));
    const dates = kept.map(({ date }) => Math.round((Date.parse(String(date)) - began) / day) + 0);
    expect(dates).toEqual([0, 1, -1]);
  },
);

fault(
  'The log is a pipe that is full and that nobody reads',
  'with a journal records are made safe in it and the kernel forgets them; the next agent brings them to the log',
  async () => {
    const pipe = join(bench.directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    // held open, so that writing does not fail, and never read; and full
    const reader = openSync(pipe, 'r+');
    spawnSync('dd', ['if=/dev/zero', `of=${pipe}`, 'bs=1', 'count=65536', 'oflag=nonblock'], { stdio: 'ignore' });
    const log = { level: 'debug', destination: { to: 'file', path: pipe } } as const;
    agent = await bench.start({ ...withJournal(), log });
    await tell(1n, 2n, 3n);
    expect(agent.status).toMatchObject({ status: 'ready' });
    closeSync(reader);
    const patience = vi.spyOn(limits.stopTime, 'value', 'get').mockReturnValue(500 as never);
    await agent.stop('the test goes on');
    patience.mockRestore();
    const next = new Bench();
    agent = await next.start(withJournal());
    await expect.poll(() => next.codes.filter((code) => code === 'event').length).toBeGreaterThanOrEqual(2);
    await agent.stop('the test goes on');
    agent = undefined;
    next.dispose();
  },
);
