import { beforeEach, describe, expect, it } from 'vitest';
import { Enforcement } from '../../src/agent/enforcement.js';
import type { Prepared } from '../../src/agent/policies.js';
import { workshop } from '../../src/agent/workshop.js';
import { ImageHistory } from '../../src/events/image.js';
import { ProcessTree } from '../../src/events/processes.js';
import { ProgramHistory } from '../../src/events/program-history.js';
import { loadPolicies } from '../../src/policy/index.js';
import { UserSpaceRules } from '../../src/rules/engine.js';
import { Health } from '../../src/telemetry/health.js';
import { AgentLog } from '../../src/telemetry/log.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { record } from '../events/support.js';
import { noProcesses } from '../rules/support.js';
import { FakeSession } from './fake-session.js';
import { LinesSink } from './lines-sink.js';

const noFiles = { process: () => undefined, program: () => undefined, pids: () => [] };

function prepared(expression: string): Prepared {
  const text = `version: 1.0.0\nrules:\n  - id: rule\n    expression: '${expression}'\n    actions: [{kill: {signal: SIGKILL}}]\n`;
  const ruleset = loadPolicies([{ file: 'test.policy', text }]);
  const image = workshop.compile(ruleset, { onUnknown: 'report' });
  return { ruleset, image, files: [], refusedFiles: [], modes: new Map() };
}

const aboutEnds = prepared('exit.code == 7');
const aboutAncestors = prepared('exec.file.name == "tool" && process.ancestors.file.name == "nginx"');

describe('what was executed', () => {
  let session: FakeSession;
  let history: ProgramHistory;
  let enforcement: Enforcement;
  let execs: bigint;

  beforeEach(() => {
    execs = 0n;
    session = new FakeSession();
    history = new ProgramHistory({ pids: () => [], read: () => undefined });
    const log = new AgentLog(new LinesSink(), 'error');
    const parts = {
      session,
      images: new ImageHistory(),
      rules: new UserSpaceRules({
        onUnknown: 'report',
        processes: noProcesses,
        scopes: { end: async () => ({ status: 'refused', why: '' }) },
      }),
      processes: new ProcessTree(noFiles),
      history,
      log,
      metrics: new Metrics('1.0.0'),
      health: new Health({ stuckFor: 0, failure: undefined }),
      bootTime: () => 0n,
      onUnseen: () => 'report' as const,
      onActive: () => {},
      sweep: { begin: () => {}, end: async () => {} },
    };
    enforcement = new Enforcement(parts, new Map());
  });

  /** Whether one more is remembered. */
  function remembersNext(): boolean {
    const before = history.size;
    execs += 1n;
    history.remember(record({ exec: execs }));
    return history.size > before;
  }

  it('is remembered until it is known what is in force', () => {
    expect(remembersNext()).toBe(true);
  });

  it('is of no use under a policy that asks for ends alone', async () => {
    remembersNext();
    await enforcement.activate(aboutEnds);
    expect(history.size).toBe(0);
    expect(remembersNext()).toBe(false);
  });

  it('is remembered from the moment the kernel is told of a policy that asks for ancestors', async () => {
    await enforcement.activate(aboutEnds);
    let remembered: boolean | undefined;
    const { activate } = session;
    session.activate = (...given) => {
      remembered = remembersNext();
      return activate.apply(session, given);
    };
    await enforcement.activate(aboutAncestors);
    expect(remembered).toBe(true);
    expect(remembersNext()).toBe(true);
    expect(history.size).toBe(2);
  });

  it('is remembered while such a policy is on trial, and for the one that is promoted', async () => {
    await enforcement.activate(aboutEnds);
    await enforcement.stage(aboutAncestors);
    expect(remembersNext()).toBe(true);
    await enforcement.promote(aboutAncestors);
    expect(history.size).toBe(1);
  });

  it('is of no use after a trial of such a policy, unless the one in force asks as well', async () => {
    await enforcement.activate(aboutEnds);
    await enforcement.stage(aboutAncestors);
    await enforcement.discard();
    expect(remembersNext()).toBe(false);
    await enforcement.activate(aboutAncestors);
    await enforcement.stage(aboutAncestors);
    await enforcement.discard();
    expect(remembersNext()).toBe(true);
  });

  it('is of no use for a policy that the kernel does not take', async () => {
    await enforcement.activate(aboutEnds);
    for (const put of ['activate', 'stage'] as const) {
      session.failures.set(put, new Error('no memory'));
      await expect(enforcement[put](aboutAncestors)).rejects.toThrow('no memory');
      expect(remembersNext(), put).toBe(false);
    }
  });

  it('is remembered for one on trial while the kernel does not take another', async () => {
    await enforcement.activate(aboutEnds);
    await enforcement.stage(aboutAncestors);
    session.failures.set('activate', new Error('no memory'));
    await expect(enforcement.activate(aboutEnds)).rejects.toThrow('no memory');
    expect(remembersNext()).toBe(true);
  });

  it('is of no use while enforcement is off, and is again when it is on', async () => {
    await enforcement.activate(aboutAncestors);
    await enforcement.off('somebody');
    expect(remembersNext()).toBe(false);
    await enforcement.on('somebody');
    expect(remembersNext()).toBe(true);
  });
});
