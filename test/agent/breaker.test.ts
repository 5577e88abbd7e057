import { describe, expect, test } from 'vitest';
import { Breaker } from '../../src/agent/breaker.js';
import { RuleAges } from '../../src/agent/breaker-ages.js';
import { establishedExecutables } from '../../src/agent/breaker-established.js';
import type { ImageRule } from '../../src/events/image.js';
import type { KernelRecord } from '../../src/kernel/types.js';
import { loadPolicies } from '../../src/policy/index.js';
import type { ProcessReport } from '../../src/telemetry/control/reports.js';
import { AgentLog } from '../../src/telemetry/log.js';
import { FakeSession } from './fake-session.js';
import { LinesSink } from './lines-sink.js';

function rulesOf(expression: string, options: { mode?: string; macro?: string } = {}): ImageRule[] {
  const { mode = 'enforce', macro = '"a"' } = options;
  const text = `version: 1.0.0
mode: ${mode}
macros: [{id: M, expression: '[${macro}]'}]
rules:
  - id: r
    expression: '${expression}'
    actions: [{deny: {}}]
`;
  const { rules, diagnostics } = loadPolicies([{ file: 'a.policy', text }]);
  expect(diagnostics).toEqual([]);
  return rules.map((rule) => ({ rule, decidedBy: 'kernel' }));
}

const record = (path: string, rest: Partial<KernelRecord> = {}): KernelRecord =>
  ({ verdict: 'refuse', shadow: false, rules: [0], path, generation: 1n, ...rest }) as KernelRecord;

describe('a rule that has tripped', () => {
  function bench() {
    const session = new FakeSession();
    const sink = new LinesSink();
    let generation = 1n;
    const rules = rulesOf('exec.file.name == "sh"');
    const breaker = new Breaker({
      session,
      log: new AgentLog(sink, 'info'),
      rules: () => rules,
      generation: () => generation,
    });
    return { session, sink, breaker, next: () => generation++ };
  }

  test('is said once, with what it had stopped', () => {
    const { session, sink, breaker } = bench();
    breaker.use(3);
    breaker.see([record('/bin/sh'), record('/bin/ls', { verdict: 'report' }), record('/bin/cat', { shadow: true })]);
    session.tripped = [{ rule: 0, distinct: 2, tripped: false }];
    breaker.look();
    expect([sink.entries, breaker.tripped]).toEqual([[], []]);
    session.tripped = [{ rule: 0, distinct: 4, tripped: true }];
    breaker.look();
    breaker.look();
    expect(sink.entries).toMatchObject([
      { level: 'error', msg: 'breaker-tripped', rule: 'r', executables: 4, limit: 3, stopped: ['/bin/sh'] },
    ]);
  });

  test('is said again when it trips under the next policy, without what an earlier one stopped', () => {
    const { session, sink, breaker, next } = bench();
    breaker.see([record('/bin/sh')]);
    session.tripped = [{ rule: 0, distinct: 4, tripped: true }];
    breaker.look();
    next();
    breaker.look();
    expect(sink.entries).toMatchObject([{ stopped: ['/bin/sh'] }, { stopped: [] }]);
  });

  test('the limit reaches the kernel', () => {
    const { session, breaker } = bench();
    breaker.use(25);
    expect([session.breakerLimit, breaker.limit]).toEqual([25, 25]);
  });
});

describe('the age of a rule', () => {
  const rule = 'exec.file.name in M';
  const first = rulesOf(rule);

  function aged(next: ImageRule[]): bigint[] {
    const ages = new RuleAges();
    ages.note(first, 5n);
    ages.note(rulesOf(rule), 9n);
    return ages.of(next);
  }

  test('outlives a reload', () => expect(aged(rulesOf(rule))).toEqual([5n]));
  test('ends with another expression', () => expect(aged(rulesOf('exec.file.name == "b"'))).toEqual([]));
  test('ends with another macro', () => expect(aged(rulesOf(rule, { macro: '"b"' }))).toEqual([]));

  test('begins when the rule enforces', () => {
    const ages = new RuleAges();
    ages.note(rulesOf(rule, { mode: 'monitor' }), 5n);
    expect(ages.of(first)).toEqual([]);
  });
});

describe('executables that ran before', () => {
  const process = (pid: number, holds: boolean): ProcessReport =>
    ({ pid, kernelThread: false, rules: holds ? [{ id: 'r', mode: 'enforce', truth: 'holds' }] : [] }) as never;

  async function* reports(...all: ProcessReport[]) {
    yield* all;
  }

  test('are those of live processes, each once', async () => {
    const identify = () => ({ ctime: 1n, size: 2n, name: 'sh' });
    expect(await establishedExecutables(reports(process(1, false), process(2, false)), identify)).toEqual({
      established: [identify()],
      named: [],
    });
  });

  test('are none that a rule names in some process', async () => {
    const identify = () => ({ ctime: 1n, size: 2n, name: 'miner' });
    expect(await establishedExecutables(reports(process(1, false), process(2, true)), identify)).toEqual({
      established: [],
      named: [identify()],
    });
  });

  test('have the name, size and time of their file', async () => {
    const {
      established: [self],
    } = await establishedExecutables(reports(process(globalThis.process.pid, false)));
    expect(self).toMatchObject({ name: 'node' });
    expect(self!.size).toBeGreaterThan(1_000_000n);
  });
});
