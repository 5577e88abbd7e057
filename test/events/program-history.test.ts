import { describe, expect, it } from 'vitest';
import { limits } from '../../src/events/limits.js';
import type { Program } from '../../src/events/program.js';
import { type LineageTest, type LivingProcess, ProgramHistory } from '../../src/events/program-history.js';
import type { Field } from '../../src/secl/index.js';
import { record as makeRecord } from './support.js';

/** Holds for a program of this name. */
const named = (name: string): LineageTest => ({
  holds: (views) => views.some((view) => view.get({ canonical: 'process.file.name' } as Field) === name),
});

const program = (name: string): Program => ({
  ...makeRecord({ name, path: `/bin/${name}` }),
  since: 0n,
  source: 'proc',
});

const second = 1_000_000_000n;

function living(pid: number, ppid: number, name: string | undefined, rest: Partial<LivingProcess> = {}): LivingProcess {
  return {
    pid,
    ppid,
    start: BigInt(pid) * second,
    leadsSession: true,
    program: name === undefined ? undefined : program(name),
    ...rest,
  };
}

function historyOf(...processes: LivingProcess[]): ProgramHistory {
  return new ProgramHistory({
    pids: () => processes.map(({ pid }) => pid),
    read: (pid) => processes.find((process) => process.pid === pid),
  });
}

const orphan = (pid: number, exec = 0n) => ({ exec, pid, ppid: 0, start: BigInt(pid) * second });
const tests = [named('nginx'), named('sh')];

describe('processes that ran before', () => {
  it('descend from those above them in /proc', () => {
    const history = historyOf(living(1, 0, 'init'), living(20, 1, 'nginx'), living(30, 20, 'sh'));
    expect(history.ancestry(orphan(30), tests, 0n)).toMatchObject({
      self: { yes: 0b10n, unknown: 0n },
      ancestors: { yes: 0b01n, unknown: 0n },
    });
  });

  it('of a later start than the one asked for are others', () => {
    const history = historyOf(living(1, 0, 'init'), living(20, 1, 'nginx'));
    expect(history.ancestry({ ...orphan(20), start: 5n * second }, tests, 0n)).toBeUndefined();
  });

  it('that init took over descend from who knows whom', () => {
    const history = historyOf(living(1, 0, 'init'), living(20, 1, 'sh', { leadsSession: false }));
    expect(history.ancestry(orphan(20), tests, 0n)).toMatchObject({
      self: { yes: 0b10n, unknown: 0n },
      ancestors: { yes: 0n, unknown: 0b11n },
    });
  });

  it('are nothing where they are threads of the kernel', () => {
    const history = historyOf(living(2, 0, undefined), living(30, 2, 'sh'));
    expect(history.ancestry(orphan(30), tests, 0n)).toMatchObject({ ancestors: { yes: 0n, unknown: 0n } });
  });

  it('have numbers of their own, each the same at every question', () => {
    const history = historyOf(living(1, 0, 'init'), living(20, 1, 'nginx'));
    const first = history.ancestry(orphan(20), tests, 0n)!;
    expect(first.exec >> 63n).toBe(1n);
    expect(history.ancestry(orphan(20, first.exec), tests, 0n)).toEqual(first);
    expect(history.ancestry(orphan(1), tests, 0n)!.exec).not.toBe(first.exec);
  });
});

describe('processes of which the kernel programs have seen no exec, since others decided it', () => {
  const sh = living(20, 1, 'sh');
  const processes = [living(1, 0, 'init'), sh];
  const now = 100n * second;

  function executedNginx(...later: LivingProcess[]): ProgramHistory {
    const all = [...processes];
    const history = new ProgramHistory({
      pids: () => all.map(({ pid }) => pid),
      read: (pid) => all.find((process) => process.pid === pid),
    });
    const { exec } = history.ancestry(orphan(20), tests, now)!;
    const rest = { pid: 20, start: sh.start, time: now };
    history.remember(makeRecord({ exec: 7n, previous: exec, name: 'nginx', path: '/bin/nginx', ...rest }));
    all.push(...later);
    return history;
  }

  it('run what they executed last', () => {
    expect(executedNginx().ancestry(orphan(20), tests, now)).toEqual({
      exec: 7n,
      self: { yes: 0b01n, unknown: 0n },
      ancestors: { yes: 0b10n, unknown: 0n },
    });
  });

  it('descend from what forked them, where that is sure', () => {
    const before = { ...living(30, 20, 'sh'), start: now - second };
    const after = { ...living(31, 20, 'sh'), start: now + second };
    const history = executedNginx(before, after);
    const ancestors = ({ pid, start }: LivingProcess) =>
      history.ancestry({ ...orphan(pid), start }, tests, now + second)!.ancestors;
    expect(ancestors(after)).toEqual({ yes: 0b11n, unknown: 0n });
    expect(ancestors(before)).toEqual({ yes: 0n, unknown: 0b11n });
  });
});

describe('execs', () => {
  const exec = (number: bigint, previous: bigint, name: string, rest = {}) =>
    makeRecord({ exec: number, previous, name, path: `/bin/${name}`, ...rest });

  it('follow the one that the task ran before, also when that process has ended', () => {
    const history = historyOf();
    history.ancestry(orphan(99), tests, 0n);
    history.remember(exec(1n, 0n, 'nginx', { pid: 5, ppid: 2 }));
    history.remember(exec(2n, 1n, 'php'));
    history.remember(exec(3n, 2n, 'sh'));
    expect(history.ancestry(orphan(7, 3n), tests, 0n)).toMatchObject({
      exec: 3n,
      self: { yes: 0b10n, unknown: 0n },
      ancestors: { yes: 0b01n, unknown: 0b10n },
    });
  });

  it('are told anew to every image', () => {
    const history = historyOf();
    history.remember(exec(1n, 0n, 'nginx'));
    history.remember(exec(2n, 1n, 'sh'));
    expect(history.ancestry(orphan(7, 2n), [named('nginx')], 0n)?.ancestors.yes).toBe(1n);
    expect(history.ancestry(orphan(7, 2n), [named('other'), named('nginx')], 0n)?.ancestors.yes).toBe(0b10n);
  });

  it.each([
    ['was refused', { stage: 'refuse', verdict: 'refuse' }],
    ['was killed', { stage: 'kill', verdict: 'kill' }],
  ] as const)('do not count when the program %s', (_, rest) => {
    const history = historyOf();
    history.remember(exec(1n, 0n, 'nginx', rest));
    expect(history.size).toBe(0);
  });

  it('that were not seen are unknown', () => {
    const history = historyOf();
    history.remember(exec(1n, 0n, 'nginx', { stage: 'unseen', verdict: 'unseen' }));
    expect(history.ancestry(orphan(7, 1n), tests, 0n)?.self).toEqual({ yes: 0n, unknown: 0b11n });
  });

  it('of a process that ran before follow what it ran then', () => {
    const history = historyOf(living(1, 0, 'init'), living(20, 1, 'nginx'));
    history.ancestry(orphan(20), tests, 0n);
    history.remember(exec(1n, 0n, 'sh', { pid: 20, ppid: 1, start: 20n * second }));
    expect(history.ancestry(orphan(20, 1n), tests, 0n)?.ancestors).toEqual({ yes: 0b01n, unknown: 0n });
  });

  it('without end do not grow without end: what came first is unknown', () => {
    const history = historyOf();
    history.remember(exec(1n, 0n, 'nginx'));
    for (let number = 2n; number < 400n; number++) history.remember(exec(number, number - 1n, 'other'));
    expect(history.ancestry(orphan(7, 399n), tests, 0n)?.ancestors).toEqual({ yes: 0n, unknown: 0b11n });
  });

  it('are forgotten when forks are followed no more', () => {
    const history = historyOf();
    history.remember(exec(1n, 0n, 'nginx'));
    history.forget();
    expect(history.ancestry(orphan(7, 1n), tests, 0n)).toBeUndefined();
  });

  it('are remembered only while somebody will ask', () => {
    const history = historyOf();
    history.forget();
    history.remember(exec(1n, 0n, 'nginx'));
    expect(history.size).toBe(0);
    history.follow();
    history.remember(exec(2n, 0n, 'nginx'));
    expect(history.size).toBe(1);
  });
});

describe('what is remembered is bounded in bytes', () => {
  /** As an exec of 4,096 bytes of arguments has them at worst. */
  const argv = Array.from({ length: 2_048 }, () => 'a');
  const exec = (number: bigint, previous: bigint, pid: number) =>
    makeRecord({ exec: number, previous, name: 'heavy', path: '/bin/heavy', pid, ppid: 2, argv });
  const most = limits.historyBytes.value;

  it('where execs of processes that are gone come one after another', () => {
    const history = historyOf(living(1, 0, 'init'));
    for (let number = 1n; number <= 4_000n; number++) {
      history.remember(exec(number, 0n, 10_000 + Number(number)));
      expect(history.bytes).toBeLessThanOrEqual(most);
    }
    expect(history.bytes).toBeGreaterThan(0);
    // The last one is known, and the first one is unknown to whoever asks.
    expect(history.ancestry(orphan(14_000, 4_000n), tests, 0n)?.ancestors).toEqual({ yes: 0n, unknown: 0b11n });
    expect(history.ancestry(orphan(10_001, 1n), tests, 0n)).toBeUndefined();
  });

  it('where each of many living processes has executed itself again and again', () => {
    const pids = Array.from({ length: 500 }, (_, index) => 1_000 + index);
    const history = historyOf(living(1, 0, 'init'), ...pids.map((pid) => living(pid, 1, 'heavy')));
    let number = 0n;
    for (const pid of pids) {
      for (let previous = 0n, times = 0; times < 64; times++, previous = number) {
        number += 1n;
        history.remember(exec(number, previous, pid));
      }
      expect(history.bytes).toBeLessThanOrEqual(most);
    }
    expect(history.ancestry(orphan(1_499, number), tests, 0n)?.ancestors.unknown).toBe(0b11n);
  });

  it('of one line: what came first is unknown, never denied, and the lines of others stay', () => {
    const history = historyOf();
    history.remember(makeRecord({ exec: 1n, previous: 0n, name: 'nginx', path: '/bin/nginx', pid: 5 }));
    history.remember(makeRecord({ exec: 2n, previous: 1n, name: 'sh', path: '/bin/sh', pid: 5 }));
    let last = 2n;
    for (; last < 2n + BigInt(Math.ceil(limits.historyLineBytes.value / 16_384)); last++) {
      history.remember(exec(last + 1n, last, 6));
    }
    expect(history.ancestry(orphan(6, last), tests, 0n)?.ancestors).toEqual({ yes: 0n, unknown: 0b11n });
    expect(history.ancestry(orphan(5, 2n), tests, 0n)?.ancestors.yes).toBe(0b01n);
  });

  it('and what nobody reaches any more is counted no more', () => {
    const history = historyOf();
    history.remember(exec(1n, 0n, 5));
    const one = history.bytes;
    history.remember(exec(2n, 1n, 5));
    expect(history.bytes).toBe(2 * one);
    history.forget();
    expect(history.bytes).toBe(0);
  });

  it('also of what ran before', () => {
    const heavy = { ...program('heavy'), argv };
    const many = Array.from({ length: 3_000 }, (_, index) => living(10 + index, 1, 'x', { program: heavy }));
    const history = historyOf(living(1, 0, 'init'), ...many);
    history.ancestry(orphan(1), tests, 0n);
    expect(history.bytes).toBeLessThanOrEqual(most);
  });
});
