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
  now = 0;
  readonly lines: { text: string; fields: Record<string, unknown> }[] = [];
  readonly log = new TamperLog({
    say: (text, fields) => this.lines.push({ text, fields }),
    now: () => this.now,
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

it('tells a flood in sum, once it is over or the agent ends', () => {
  const bench = new Bench();
  const most = limits.tamperLines.value;
  bench.log.add(Array.from({ length: most + 3 }, () => tamper));
  expect(bench.lines).toHaveLength(most);
  bench.now = limits.tamperWindow.value;
  bench.log.add([tamper]);
  expect(bench.lines.slice(most).map(({ fields }) => fields.suppressed ?? fields.hook)).toEqual([3, 'task_kill']);
  bench.log.add(Array.from({ length: most + 1 }, () => tamper));
  bench.log.flush();
  bench.log.flush();
  expect(bench.lines.at(-1)?.fields).toEqual({ suppressed: 2 });
});
