import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SelfGuard, type SelfProtectionHost, type SelfProtectionMode } from '../../src/agent/self-protection.js';
import type { SelfProtection } from '../../src/kernel/self-protection.js';
import type { SelfPlaces, Tamper } from '../../src/kernel/self-protection-state.js';
import { AgentLog } from '../../src/telemetry/log.js';
import { FileSink } from '../../src/telemetry/sink.js';

const directory = mkdtempSync(join(tmpdir(), 'portcullis-self-'));
const launcherPath = join(directory, 'portcullis');
writeFileSync(launcherPath, 'old');
afterEach(() => vi.restoreAllMocks());

class FakeProtection implements SelfProtection {
  adopted = false;
  isArmed = false;
  readonly calls: string[] = [];
  places: SelfPlaces | undefined;
  onTampers: ((tampers: readonly Tamper[]) => void) | undefined;

  arm(places: SelfPlaces, life: string): void {
    this.places = places;
    this.isArmed = true;
    this.calls.push(`arm ${life}`);
  }
  disarm(): void {
    this.isArmed = false;
    this.calls.push('disarm');
  }
  unlock(until: bigint): void {
    this.calls.push(`unlock ${until}`);
  }
  prune(): void {
    this.calls.push('prune');
  }
  start(onTampers: (tampers: readonly Tamper[]) => void): void {
    this.onTampers = onTampers;
  }
  attempts(): Record<string, bigint> {
    return { task_kill: 2n, bpf_map: 1n };
  }
  lost(): bigint {
    return 0n;
  }
  async close(): Promise<void> {
    this.calls.push('close');
  }
  async leave(): Promise<void> {
    this.calls.push('leave');
  }
}

interface Given {
  mode?: SelfProtectionMode;
  unit?: readonly string[] | undefined;
  pins?: string | undefined;
}

class Bench {
  readonly protection = new FakeProtection();
  readonly cleared: string[] = [];
  failure: Error | undefined;
  inode: bigint | undefined = 5n;
  now = 1_000_000_000n;
  readonly logFile = join(mkdtempSync(join(directory, 'log-')), 'log');
  readonly sink = new FileSink({ to: 'file', path: this.logFile });
  readonly guard: SelfGuard;

  constructor({ mode = 'auto', ...given }: Given = {}) {
    const unit = 'unit' in given ? given.unit : ['portcullis.service', 'system.slice'];
    const pins = 'pins' in given ? given.pins : '/sys/fs/bpf/portcullis';
    const host: SelfProtectionHost = {
      open: () => {
        if (this.failure) throw this.failure;
        return this.protection;
      },
      clear: (below) => this.cleared.push(below),
      unit: () => unit,
      pins: () => ({ directory: { inode: 1n, device: 2 }, covers: [], mounts: [3] }),
      mountNamespace: () => 4,
      launcher: () => (this.inode === undefined ? undefined : { inode: this.inode, device: 6 }),
    };
    const log = new AgentLog(this.sink, 'debug');
    this.guard = new SelfGuard({ mode, pid: 9, pins, launcher: launcherPath, log, bootTime: () => this.now, host });
  }

  async codes(): Promise<string[]> {
    await this.sink.flushed();
    const lines = readFileSync(this.logFile, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  }
}

describe('auto', () => {
  it('protects a service while some rule enforces, and its pins beyond it', () => {
    const { guard, protection } = new Bench();
    guard.open();
    guard.follow('only-reports');
    guard.follow('enforces');
    guard.follow('enforces');
    expect(protection.places).toEqual({
      mountNamespace: 4,
      pins: { directory: { inode: 1n, device: 2 }, covers: [], mounts: [3] },
      successor: { launcher: { inode: 5n, device: 6 }, unit: ['portcullis.service', 'system.slice'] },
    });
    guard.follow('only-reports');
    guard.opened();
    expect(protection.calls).toEqual(['arm outlives', 'disarm', 'prune']);
  });

  it('leaves alone an agent that was started in another way, and ends what one before it left', () => {
    const { guard, protection, cleared } = new Bench({ unit: undefined });
    guard.open();
    guard.follow('enforces');
    guard.opened();
    expect(protection.calls).toEqual([]);
    expect(cleared).toEqual(['/sys/fs/bpf/portcullis']);
  });

  it('goes on at once where an agent before it was protected, and ends that where no rule enforces', () => {
    const { guard, protection } = new Bench();
    protection.isArmed = true;
    guard.open();
    guard.follow('only-reports');
    expect(protection.calls).toEqual(['disarm']);
  });
});

it('protects whoever asks for it by `on`, but nothing that nobody could go on with', () => {
  const { guard, protection } = new Bench({ mode: 'on', unit: undefined });
  guard.open();
  guard.follow('only-reports');
  expect(protection.calls).toEqual(['arm ends-with-agent']);
  expect(protection.places?.successor).toBeUndefined();
});

it('`off` opens nothing', () => {
  const { guard, protection } = new Bench({ mode: 'off' });
  guard.open();
  guard.follow('enforces');
  expect([protection.calls, guard.status]).toEqual([[], { is: 'off' }]);
});

it('starts without it where the kernel does not take the programs, and says so', async () => {
  const bench = new Bench();
  bench.failure = new Error('bpf is not an active LSM');
  bench.guard.open();
  bench.guard.follow('enforces');
  expect([await bench.codes(), bench.guard.status]).toEqual([['self-protection'], { is: 'off' }]);
});

it('is unlocked for a time, which is in the log with who asked', async () => {
  const bench = new Bench();
  const { guard, protection } = bench;
  guard.open();
  guard.follow('enforces');
  expect(guard.status).toEqual({ is: 'on', attempts: 3 });
  expect(guard.unlock(60, 'bash (pid 2, uid 0)')).toEqual({ is: 'unlocked', attempts: 3, seconds: 60 });
  expect(protection.calls.at(-1)).toBe('unlock 61000000000');
  bench.now += 60_000_000_000n;
  expect(guard.status).toEqual({ is: 'on', attempts: 3 });
  expect(await bench.codes()).toEqual(['self-protection', 'self-protection-unlocked']);
});

it('cannot be unlocked while nothing is locked', () => {
  const { guard } = new Bench();
  guard.open();
  expect(() => guard.unlock(60, 'x')).toThrow(expect.objectContaining({ code: 'not-protected' }));
});

it('knows its successor by a new launcher as soon as a package brings one', async () => {
  const bench = new Bench();
  bench.guard.open();
  bench.guard.follow('enforces');
  bench.inode = 50n;
  writeFileSync(launcherPath, 'new');
  await vi.waitFor(() => expect(bench.protection.places?.successor?.launcher.inode).toBe(50n), { timeout: 10_000 });
  // in the middle of an upgrade there is none: the one that was known stays, and so do the pins
  bench.inode = undefined;
  const calls = bench.protection.calls.length;
  await bench.guard.end('keep');
  expect(bench.protection.calls.slice(calls)).toEqual(['leave']);
});

it('looks at the launcher once more before it leaves its pins to the next', async () => {
  const { guard, protection, ...bench } = new Bench();
  guard.open();
  guard.follow('enforces');
  await guard.end('keep');
  expect([protection.calls, bench.inode]).toEqual([['arm outlives', 'arm outlives', 'leave'], 5n]);
});

describe('at the end', () => {
  it.each([
    ['keep', 'leave'],
    ['release', 'close'],
  ] as const)('%s: %s', async (pins, call) => {
    const { guard, protection } = new Bench();
    guard.open();
    await guard.end(pins);
    expect(protection.calls).toEqual([call]);
  });

  it('of a start that failed, what was adopted stays', async () => {
    const { guard, protection } = new Bench();
    protection.adopted = true;
    guard.open();
    await guard.abandon();
    expect(protection.calls).toEqual(['leave']);
  });
});

it('attempts are lines, as they come', async () => {
  const bench = new Bench();
  bench.guard.open();
  const tamper = { time: 1n, start: 1n, cgroup: 1n, hook: 'task_kill', outcome: 'refused', detail: 9 } as const;
  bench.protection.onTampers!([{ ...tamper, pid: 2, ppid: 1, uid: 0, comm: 'kill', parentComm: 'sh' }]);
  expect(await bench.codes()).toEqual(['tamper']);
});

process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
