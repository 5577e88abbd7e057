import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { followUp } from '../../src/agent/follow-up.js';
import type { EventJson } from '../../src/events/event.js';
import { jsonText, share } from '../../src/events/json-text.js';
import type { MadeEvent } from '../../src/events/maker.js';
import type { FollowUp, ScopeReport } from '../../src/events/rule-run.js';
import { FileHasher } from '../../src/rules/hasher.js';
import { AgentLog } from '../../src/telemetry/log.js';
import { rulesOf } from '../events/support.js';
import { HeldSink } from '../telemetry/support.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-follow-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const [rule] = rulesOf("  - {id: says, expression: 'exec.uid == 0'}\n");

async function after(followUps: FollowUp[], sink = new HeldSink()): Promise<Record<string, Record<string, unknown>>> {
  const event = { file: {}, process: { interpreter: {}, parent: { executable: {} } } } as unknown as EventJson;
  const made = { event, followUps, decision: { actions: [] } } as unknown as MadeEvent;
  await followUp(made, new AgentLog(sink, 'error'), new FileHasher());
  return JSON.parse(JSON.stringify(event)) as Record<string, Record<string, unknown>>;
}

test.each([
  ['debug', 'debug'],
  ['warning', 'warn'],
  ['critical', 'error'],
  ['whatever', 'info'],
])('a log action of level %s is a line of level %s, whatever the agent’s own level', async (level, expected) => {
  const sink = new HeldSink();
  await after([{ follow: 'log', rule: rule!, level, message: 'seen' }], sink);
  expect(sink.entries).toMatchObject([{ msg: 'rule-log', level: expected, rule: 'says', text: 'seen' }]);
});

test.each([
  ['exec.file', ['file']],
  ['process.interpreter.file', ['process', 'interpreter']],
  ['process.parent.file', ['process', 'parent', 'executable']],
])('the hash of %s stands with its file', async (field, place) => {
  const path = join(folder, 'tool');
  writeFileSync(path, 'content');
  const { ino } = statSync(path, { bigint: true });
  const file = { field, pid: process.pid, path, inode: ino, binary: false };
  const event = await after([{ follow: 'hash', rule: rule!, file, bytes: 100 }]);
  const found = place.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], event);
  expect(found).toMatchObject({ hash_state: 'done', hashes: [expect.stringMatching(/^sha256:/), expect.any(String)] });
});

test('the hash of a parent is told of the event that asked for it, and of no other with the same parent', async () => {
  const parent = share({ pid: 1, comm: 'sh', executable: { path: '/bin/sh' }, source: 'proc' as const });
  const event = { process: { parent, ancestors: [parent] } } as unknown as EventJson;
  const file = { field: 'process.parent.file', pid: 2 ** 30, path: join(folder, 'none'), inode: 5n, binary: false };
  const followUps: FollowUp[] = [{ follow: 'hash', rule: rule!, file, bytes: 100 }];
  const made = { event, followUps, decision: { actions: [] } } as unknown as MadeEvent;
  await followUp(made, new AgentLog(new HeldSink(), 'error'), new FileHasher());
  expect(event.process.parent?.executable).toEqual({ path: '/bin/sh', hash_state: 'file_not_found' });
  expect(parent.executable).toEqual({ path: '/bin/sh' });
  expect(jsonText(event.process)).toBe(JSON.stringify(event.process));
});

test('a file that is gone is an event that says so', async () => {
  const file = { field: 'exec.file', pid: 2 ** 30, path: join(folder, 'none'), inode: 5n, binary: false };
  const event = await after([{ follow: 'hash', rule: rule!, file, bytes: 100 }]);
  expect(event.file).toEqual({ hash_state: 'file_not_found' });
});

describe('a kill of more than the process', () => {
  async function ended(scope: ScopeReport, sink = new HeldSink()): Promise<Record<string, unknown>> {
    const action = { action: 'kill', scope: 'cgroup' };
    const told = { status: 'partially_performed' };
    const decision = { decisive: { rule }, actions: [{ action, status: told.status, scope: Promise.resolve(scope) }] };
    const event = { agent: { rule_actions: [told] } };
    await followUp(
      { decision, event, followUps: [] } as unknown as MadeEvent,
      new AgentLog(sink, 'error'),
      new FileHasher(),
    );
    return JSON.parse(JSON.stringify(told)) as Record<string, unknown>;
  }

  test('is told with what it stopped and how soon', async () => {
    const counts = { by: 'freeze', processes: 3, pids: [5, 6, 7], struck: 1_000, ended: 2_000 } as const;
    expect(await ended({ status: 'performed', cgroup: '/a\xff', ...counts, spared: [9] })).toEqual({
      status: 'performed',
      stopped: {
        cgroup: { $base64: 'L2H/' },
        by: 'freeze',
        processes: 3,
        pids: [5, 6, 7],
        spared: [9],
        struck_ns: 1_000,
        ended_ns: 2_000,
      },
    });
  });

  test('that was refused is an error in the log', async () => {
    const sink = new HeldSink();
    expect(await ended({ status: 'refused', cgroup: '/', why: 'never the root' }, sink)).toMatchObject({
      status: 'partially_performed',
      why: 'never the root',
    });
    expect(sink.entries).toMatchObject([{ msg: 'kill-scope', level: 'error', rule: 'says', cgroup: '/' }]);
  });
});
