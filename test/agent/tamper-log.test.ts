import { expect, it } from 'vitest';
import { limits } from '../../src/agent/limits.js';
import { TamperLog } from '../../src/agent/tamper-log.js';
import type { Tamper } from '../../src/kernel/self-protection-state.js';

const tamper: Tamper = {
  time: 5_000_000_000n,
  start: 1n,
  cgroup: 7n,
  hook: 'task_kill',
  outcome: 'refused',
  detail: 9,
  pid: 12,
  ppid: 11,
  uid: 0,
  comm: 'kill',
  parentComm: 'bash',
};

class Bench {
  readonly lines: { text: string; fields: Record<string, unknown> }[] = [];
  /** What waits for its time. */
  waiting: (() => void) | undefined;
  readonly log = new TamperLog({
    say: (text, fields) => this.lines.push({ text, fields }),
    later: (_, act) => {
      this.waiting = act;
      return () => {
        this.waiting = undefined;
      };
    },
    timeOf: (time) => Number(time / 1_000_000n),
  });
}

it('says who tried what, when, and what became of it', () => {
  const { log, lines } = new Bench();
  log.add([tamper, { ...tamper, hook: 'bpf_map', outcome: 'unlocked', detail: 31 }]);
  expect(lines[0]).toEqual({
    text: 'kill (pid 12, uid 0): a signal to the agent was refused.',
    fields: {
      date: '1970-01-01T00:00:05.000Z',
      hook: 'task_kill',
      outcome: 'refused',
      detail: 9,
      pid: 12,
      ppid: 11,
      uid: 0,
      comm: 'kill',
      parentComm: 'bash',
      cgroup: 7,
    },
  });
  expect(lines[1]?.text).toBe('kill (pid 12, uid 0): opening of a map of the agent was let through: unlocked.');
});

it('tells what a process repeats in sum, when the time is over', () => {
  const bench = new Bench();
  const maps = Array.from({ length: 40 }, (_, detail): Tamper => ({ ...tamper, hook: 'bpf_map', detail }));
  bench.log.add([...maps, tamper]);
  expect(bench.lines.map(({ fields }) => fields.hook)).toEqual(['bpf_map', 'task_kill']);
  bench.waiting!();
  expect(bench.lines.slice(2).map(({ fields }) => [fields.hook, fields.detail, fields.times])).toEqual([
    ['bpf_map', 39, 39],
  ]);
  bench.log.add([tamper]);
  expect(bench.lines).toHaveLength(4);
});

it('tells a flood by many processes in sum, also when the agent ends before its time', () => {
  const bench = new Bench();
  const most = limits.tamperLines.value;
  bench.log.add(Array.from({ length: most + 3 }, (_, pid): Tamper => ({ ...tamper, pid })));
  expect(bench.lines).toHaveLength(most);
  bench.log.flush();
  bench.log.flush();
  expect(bench.lines.slice(most).map(({ fields }) => fields)).toEqual([{ suppressed: 3 }]);
  expect(bench.waiting).toBeUndefined();
});
