import { describe, expect, test } from 'vitest';
import { limits } from '../../src/events/limits.js';
import { isSameStart, type ProcessFacts, ProcessTree, parseStat, readProc } from '../../src/events/processes.js';
import type { Program } from '../../src/events/program.js';
import { programOf } from '../../src/events/program.js';
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

  test('of two children in one batch follows what their parent, and its parent, execute in between', () => {
    const shell = proc({ pid: 4200, ppid: 300, path: '/bin/new' });
    const tree = treeOver(shell, proc({ pid: 300, ppid: 0, path: '/bin/above' }));
    const above = () => tree.lineage(record()).ancestors.map(({ path, program }) => [path, program?.argv[0]]);
    expect(above()).toEqual([
      ['/bin/new', undefined],
      ['/bin/above', undefined],
    ]);
    tree.remember(record({ pid: 4200, ppid: 300, path: '/bin/new', argv: ['new'], start: 1n }));
    expect(above()[0]).toEqual(['/bin/new', 'new']);
    tree.remember(record({ pid: 300, ppid: 0, path: '/bin/above', argv: ['over'], start: 1n }));
    expect(above()[1]).toEqual(['/bin/above', 'over']);
  });

  test('of two children in one batch, of which only the older has an impostor for a parent', () => {
    const tree = treeOver(proc({ pid: 4200, ppid: 0, start: 3_000_000_000n }));
    expect(tree.lineage(record({ start: 4_000_000_000n })).complete).toBe(true);
    expect(tree.lineage(record({ start: 2_000_000_000n })).complete).toBe(false);
    expect(tree.lineage(record({ start: 4_000_000_000n })).complete).toBe(true);
  });

  test('that ends at a process nobody knows goes on once that one is heard of', () => {
    const tree = treeOver(proc({ pid: 4200, ppid: 300 }));
    expect(tree.lineage(record()).complete).toBe(false);
    tree.remember(record({ pid: 300, ppid: 0, start: 0n }));
    expect(tree.lineage(record())).toMatchObject({ ancestors: [{ pid: 4200 }, { pid: 300 }], complete: true });
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

describe('the program of a process that has ended', () => {
  const exit = (changes: Parameters<typeof record>[0] = {}) => record({ event: 'exit', ...changes });
  const fromProc = (path: string, since: bigint): Program => ({
    ...programOf(record({ path, time: since })),
    source: 'proc',
  });

  test('is that of its last exec', () => {
    const tree = treeOver();
    tree.remember(record({ path: '/bin/one' }));
    tree.remember(record({ path: '/bin/two' }));
    expect(tree.lastProgram(exit())).toMatchObject({ program: { path: '/bin/two', source: 'record' }, origin: 'own' });
    expect(tree.lastProgram(exit({ pid: 9 }))).toBeUndefined();
  });

  test('is not that of an earlier process with the same pid', () => {
    const tree = treeOver();
    tree.remember(record({ start: 3_000_000_000n }));
    expect(tree.lastProgram(exit({ start: 4_000_000_000n }))).toBeUndefined();
  });

  test('of a process that is older than the agent is what /proc said when exits came to be asked for', () => {
    let running = [4242];
    const tree = new ProcessTree({
      process: (pid) => proc({ pid, start: 4_000_000_000n }),
      program: (_, now) => fromProc('/bin/old', now),
      pids: () => running,
    });
    expect(tree.lastProgram(exit())).toBeUndefined();
    tree.follow(6_000_000_000n);
    running = [];
    const found = tree.lastProgram(exit());
    expect(found).toMatchObject({
      origin: 'own',
      program: { path: '/bin/old', source: 'proc', since: 6_000_000_000n },
    });
  });

  test('what an exec said is not replaced by what /proc says of the same program', () => {
    const tree = new ProcessTree({
      process: (pid) => proc({ pid, start: 4_000_000_000n, path: '/usr/bin/tool' }),
      program: (_, now) => fromProc('/usr/bin/tool', now),
      pids: () => [4242],
    });
    tree.remember(record());
    tree.follow(6_000_000_000n);
    expect(tree.lastProgram(exit())?.program.source).toBe('record');
  });

  describe('without an exec of its own is that of its parent at the fork', () => {
    const parent = record({ pid: 4200, ppid: 1, comm: 'sh', path: '/bin/sh', start: 1n, time: 3_000_000_000n });
    const child = { pid: 5, ppid: 4200, comm: 'sh', start: 4_000_000_000n };

    test('when every exec is reported', () => {
      const tree = new ProcessTree({ process: () => undefined, program: () => undefined, pids: () => [] });
      tree.remember(parent);
      expect(tree.lastProgram(exit(child))).toBeUndefined();
      tree.follow(1n);
      expect(tree.lastProgram(exit(child))).toMatchObject({ origin: 'inherited', program: { path: '/bin/sh' } });
      tree.unfollow();
      expect(tree.lastProgram(exit(child))).toBeUndefined();
    });

    test.each([
      ['the parent has made its exec since', {}, { time: 5_000_000_000n }],
      ['its name is another, so an exec of it was lost', { comm: 'other' }, {}],
      ['the parent is younger', { start: 0n }, { start: 2_000_000_000n }],
    ])('but not when %s', (_, changes, parents) => {
      const tree = new ProcessTree({ process: () => undefined, program: () => undefined, pids: () => [] });
      tree.follow(1n);
      tree.remember({ ...parent, ...parents });
      expect(tree.lastProgram(exit({ ...child, ...changes }))).toBeUndefined();
    });

    test('through a parent that made none either', () => {
      const between = proc({ pid: 7, ppid: 4200, comm: 'sh', start: 3_500_000_000n });
      const process = (pid: number) => (pid === 7 ? between : undefined);
      const tree = new ProcessTree({ process, program: () => undefined, pids: () => [] });
      tree.follow(1n);
      tree.remember(parent);
      expect(tree.lastProgram(exit({ ...child, ppid: 7 }))?.program.path).toBe('/bin/sh');
    });
  });
});

test('/proc knows a start to the tick', () => {
  expect(isSameStart(4_000_000_000n, 4_009_999_999n)).toBe(true);
  expect(isSameStart(4_000_000_000n, 4_010_000_000n)).toBe(false);
  expect(isSameStart(undefined, undefined)).toBe(false);
});

describe('processes that have ended', () => {
  function treeOf(pids: number[]): ProcessTree {
    return new ProcessTree({ process: () => undefined, program: () => undefined, pids: () => pids });
  }

  test('are forgotten at the second look that does not find them', () => {
    const tree = treeOf([1, 20]);
    tree.remember(record({ pid: 20 }));
    tree.remember(record({ pid: 30, start: 5n }));
    tree.forgetEnded();
    expect(tree.remembered).toBe(2);
    expect(tree.lastProgram(record({ event: 'exit', pid: 30, start: 5n }))?.origin).toBe('own');
    tree.forgetEnded();
    expect(tree.remembered).toBe(1);
    expect(tree.lastProgram(record({ event: 'exit', pid: 30, start: 5n }))).toBeUndefined();
  });

  test('are others than those that got their pids since the first look', () => {
    const tree = treeOf([1]);
    tree.remember(record({ pid: 30, start: 5n }));
    tree.forgetEnded();
    tree.remember(record({ pid: 30, start: 6n }));
    tree.forgetEnded();
    expect(tree.remembered).toBe(1);
  });

  test('are not known where /proc cannot be read', () => {
    const tree = treeOf([]);
    tree.remember(record({ pid: 30 }));
    tree.forgetEnded();
    tree.forgetEnded();
    expect(tree.remembered).toBe(1);
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
