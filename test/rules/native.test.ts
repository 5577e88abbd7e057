/**
 * The agent on this machine's kernel, at the tier that only watches: what user space decides, done to a stand-in of this
 * test. The policy names one copied file by its whole path, so it can be about nothing else here; the kernel itself is
 * never told to stop anything.
 */
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Agent } from '../../src/agent/agent.js';
import type { FollowedConfig } from '../../src/agent/config-follow.js';
import { realWorld } from '../../src/agent/run.js';
import type { AgentWorld } from '../../src/agent/world.js';
import type { EventJson } from '../../src/events/event.js';
import { ProcessHandle } from '../../src/kernel/addon.js';
import { openSession } from '../../src/kernel/session.js';
import type { OpenSession } from '../../src/kernel/types.js';
import { FileSink } from '../../src/telemetry/sink.js';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-stand-in-'));
const logFile = join(folder, 'log');
const standIn = join(folder, 'stand-in');
const standInPolicy = `version: 1.0.0
rules:
  - id: late
    expression: exec.file.path == "${standIn}" && exec.args_flags != "x" && process.parent.pid == ${process.pid}
    mode: enforce
    actions: [{filter: 'exec.argv not in ["spared"]', kill: {signal: SIGKILL}}, {hash: {}}]
  - id: ends
    expression: exit.file.path == "${standIn}"
`;

/** Without the self-test, which would have the kernel stop something. */
const watching: OpenSession = async (options) => {
  const session = await openSession(options);
  return Object.assign(session, { selfTest: async () => ({ milliseconds: 0, outcome: 'killed' }) as const });
};

/** Why the kernel takes no program here; undefined: it does. */
const refused = await openSession({ agentPid: process.pid, tier: 'tracepoint' }).then(
  (session) => session.close(),
  (error: Error) => error.message,
);

function eventsOf(pid: number): EventJson[] {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  const entries = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as EventJson & { msg: string });
  return entries.filter(({ msg, process }) => msg === 'event' && process.pid === pid);
}

/** Runs the stand-in to its end. */
function run(...args: string[]): Promise<{ pid: number; code: number | null; signal: string | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(standIn, args, { stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ pid: child.pid!, code, signal }));
  });
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(refused)('decided after the event', () => {
  let agent: Agent;
  let sink: FileSink;

  beforeAll(async () => {
    copyFileSync('/bin/sleep', standIn);
    chmodSync(standIn, 0o755);
    const policy = join(folder, 'stand-in.policy');
    writeFileSync(policy, standInPolicy);
    sink = new FileSink({ to: 'file', path: logFile });
    // It is never asked to reload.
    const world: AgentWorld = { ...realWorld({} as FollowedConfig), openSession: watching };
    agent = await Agent.start(
      {
        policies: [policy],
        listen: { host: '127.0.0.1', port: 0 },
        log: { level: 'info', destination: { to: 'file', path: logFile } },
        onUnknown: 'report',
        onUnseen: 'report',
        journal: { directory: { at: 'nowhere' }, size: 1_048_576, sync: 'second' },
        control: { socket: { at: 'nowhere' } },
        sweep: 'off',
        protected: { files: [], logins: [], defaults: false },
        breaker: { limit: 0 },
        canary: { cgroup: '' },
        state: { directory: { at: 'nowhere' } },
        pins: { directory: { at: 'nowhere' }, on_stop: 'release' },
        scrub: { patterns: [] },
        tier: 'tracepoint',
      },
      world,
      sink,
    );
  });

  afterAll(async () => {
    await agent?.stop('end of the test');
    sink?.close();
  });

  test('a program that user space decides about is killed, and the event says how soon', async () => {
    const { pid, signal } = await run('600');
    expect(signal).toBe('SIGKILL');
    await expect.poll(() => eventsOf(pid).length).toBe(2);
    const [exec, exit] = eventsOf(pid);
    expect(exec).toMatchObject({
      agent: {
        rule_id: 'late',
        rule_actions: [{ type: 'kill', status: 'performed', ttr: expect.stringMatching(/ms$/) }],
      },
      evt: { name: 'exec' },
      file: { path: standIn, hash_state: 'done' },
    });
    expect(exit).toMatchObject({
      agent: { rule_id: 'ends' },
      evt: { name: 'exit' },
      exit: { cause: 'SIGNALED', code: 9 },
      file: { path: standIn },
      process: { args: ['600'], parent: { pid: process.pid } },
    });
  });

  test('what its filter spares ends as it likes; its end is an event with the program of its exec', async () => {
    const { pid, code, signal } = await run('spared');
    expect([code, signal]).toEqual([1, null]);
    await expect.poll(() => eventsOf(pid).length).toBe(2);
    const [exec, exit] = eventsOf(pid);
    expect(exec?.agent.rule_actions).toEqual([]);
    expect(exit).toMatchObject({ exit: { cause: 'EXITED', code: 1 }, process: { args: ['spared'] } });
  });
});

describe('a process by its handle', () => {
  test('a signal reaches it; when it has ended there is nobody to reach', async () => {
    const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
    const handle = ProcessHandle.open(child.pid!);
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    handle.signal(15);
    expect(await ended).toBe('SIGTERM');
    expect(() => handle.signal(15)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
    handle.close();
    handle.close();
    expect(() => handle.signal(15)).toThrow(TypeError);
  });

  test('a process that is not there cannot be opened', () => {
    expect(() => ProcessHandle.open(2 ** 22 + 1)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
    expect(() => ProcessHandle.open(-1)).toThrow(TypeError);
  });
});
