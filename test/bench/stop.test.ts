import { describe, expect, it } from 'vitest';
import { report } from '../../bench/stop.mjs';

const ways = ['at-exec=lsm', 'at-exec=kprobe', 'at-exec=tracepoint', 'after=lsm'];

function measured(counts: Readonly<Record<string, readonly number[]>>, kernel = '6.1.0-test') {
  const findings = ways.flatMap((way) =>
    (counts[way] ?? [0, 0]).map((count) => ({ way, outcome: count === 7 ? 'ran' : 'killed', count, time: 2000 })),
  );
  return { kernel, findings };
}

describe('how far a program comes', () => {
  it('tells each way with its outcomes and how far the farthest came', () => {
    const { rows } = report([measured({ 'after=lsm': [3, 5, 7] })]).tables[0]!;
    expect(rows.map(([, outcome, steps, farthest]) => [outcome, steps, farthest]).at(-1)).toEqual([
      'killed 2 of 3, ran 1 of 3',
      { median: 5, low: 4, high: 6, runs: 3 },
      7,
    ]);
  });

  it('aims at no step where the kernel stops it, and at nothing where the agent does', () => {
    const { targets } = report([measured({ 'at-exec=kprobe': [0, 1], 'after=lsm': [9] })]);
    expect(targets!.map(({ measured }) => measured)).toEqual([0, 1, 0]);
  });

  it('has a table and targets of its own for each kernel', () => {
    const { kernel, tables, targets } = report([measured({}), measured({ 'at-exec=lsm': [4] }, '6.12.0-test')]);
    expect(kernel).toBe('6.1.0-test and 6.12.0-test');
    expect(tables.map(({ title }) => title)).toEqual([
      expect.stringContaining('6.1.0-test'),
      expect.stringContaining('6.12.0-test'),
    ]);
    expect(targets!.map(({ measured }) => measured)).toEqual([0, 0, 0, 4, 0, 0]);
  });
});
