import { describe, expect, test } from 'vitest';
import { limits } from '../../src/events/limits.js';
import { type ProcessFacts, ProcessTree, parseStat, readProc } from '../../src/events/processes.js';
import { record } from './support.js';

function proc(facts: Partial<ProcessFacts> & { pid: number }): ProcessFacts {
  return { ppid: 1, comm: `p${facts.pid}`, path: `/bin/p${facts.pid}`, start: 1n, source: 'proc', ...facts };
}

function treeOver(...processes: ProcessFacts[]): ProcessTree {
  return new ProcessTree((pid) => processes.find((facts) => facts.pid === pid));
}

describe('lineage', () => {
  test('goes up to the first process, nearest first', () => {
    const tree = treeOver(proc({ pid: 4200, ppid: 300 }), proc({ pid: 300, ppid: 1 }), proc({ pid: 1, ppid: 0 }));
    const { ancestors, complete } = tree.lineage(record());
    expect(ancestors.map(({ pid }) => pid)).toEqual([4200, 300, 1]);
    expect(complete).toBe(true);
  });

  test('a process that is younger than its child is another one with the same pid', () => {
    const tree = treeOver(proc({ pid: 4200, start: 9_000_000_000n, comm: 'impostor' }));
    const { ancestors, complete } = tree.lineage(record({ start: 4_000_000_000n, parentComm: 'sh' }));
    expect(ancestors).toEqual([
      { pid: 4200, ppid: undefined, comm: 'sh', path: undefined, start: undefined, source: 'record' },
    ]);
    expect(complete).toBe(false);
  });

  test('a start time in the same tick as the child is not younger', () => {
    const tree = treeOver(proc({ pid: 4200, start: 4_005_000_000n }));
    expect(tree.lineage(record({ start: 4_000_000_000n })).ancestors[0]?.source).toBe('proc');
  });

  test('a parent that is gone is known from its own record', () => {
    const tree = treeOver();
    tree.remember(record({ pid: 4200, ppid: 0, comm: 'dropper', path: '/tmp/dropper', start: 1n }));
    const { ancestors, complete } = tree.lineage(record());
    expect(ancestors.map(({ comm, source }) => [comm, source])).toEqual([['dropper', 'record']]);
    expect(complete).toBe(true);
  });

  test('an exec that was refused or killed leaves no process to remember', () => {
    const tree = treeOver();
    tree.remember(record({ pid: 4200, stage: 'refuse', verdict: 'refuse', comm: 'refused' }));
    tree.remember(record({ pid: 4200, stage: 'kill', verdict: 'kill', comm: 'killed' }));
    expect(tree.lineage(record()).ancestors[0]?.comm).toBe('sh');
  });

  test('is cut at its limit, also in a circle', () => {
    const tree = treeOver(proc({ pid: 4200, ppid: 300 }), proc({ pid: 300, ppid: 4200 }));
    const { ancestors, complete } = tree.lineage(record());
    expect(ancestors).toHaveLength(limits.ancestorDepth.value);
    expect(complete).toBe(false);
  });

  test('/proc is asked once a batch', () => {
    let asked = 0;
    const tree = new ProcessTree((pid) => {
      asked++;
      return proc({ pid, ppid: 0 });
    });
    tree.lineage(record());
    tree.lineage(record());
    expect(asked).toBe(1);
    tree.refresh();
    tree.lineage(record());
    expect(asked).toBe(2);
  });
});

describe('/proc/PID/stat', () => {
  const fields = (comm: string) => `17 (${comm}) S 3 ${Array(17).fill('0').join(' ')} 250 0 0`;

  test.each(['sh', 'a) S 9 (b', 'two words', '('])('name %j', (comm) => {
    expect(parseStat(fields(comm))).toEqual({ comm, ppid: 3, start: 2_500_000_000n });
  });

  test('a text that is something else is an error', () => {
    expect(() => parseStat('nothing')).toThrow(RangeError);
  });

  test('of this process', () => {
    const facts = readProc(process.pid)!;
    expect(facts.ppid).toBe(process.ppid);
    expect(facts.path).toBe(process.execPath);
    expect(facts.start).toBeGreaterThan(0n);
    expect(readProc(2 ** 30)).toBeUndefined();
  });
});
