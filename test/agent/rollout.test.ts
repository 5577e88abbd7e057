import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Agent } from '../../src/agent/agent.js';
import type { RolloutConfig } from '../../src/agent/rollout.js';
import { run } from '../cli/support.js';
import { record } from '../events/support.js';
import { policyText, TestRepository } from '../rollout/publisher-support.js';
import { FileServer } from '../rollout/server.js';
import { Bench } from './support.js';

let bench: Bench;
let repository: TestRepository;
let server: FileServer;
let agent: Agent | undefined;

beforeEach(async () => {
  bench = new Bench();
  repository = await TestRepository.create();
  server = await FileServer.start(repository.path);
});
afterEach(async () => {
  await agent?.stop('test over');
  agent = undefined;
  bench.dispose();
  await server.stop();
  repository.remove();
});

function rollout(changes: Partial<RolloutConfig> = {}): RolloutConfig {
  return {
    url: server.url,
    root: join(repository.path, 'metadata', '1.root.json'),
    directory: join(bench.directory, 'rollout'),
    interval: 1_000,
    labels: {},
    host: 'this-host',
    limit: 2,
    expiry: 'keep',
    ...changes,
  };
}

async function start(changes: Partial<RolloutConfig> = {}): Promise<void> {
  agent = await bench.start({ rollout: rollout(changes) });
}

const until = (what: () => boolean | Promise<boolean>) =>
  expect.poll(what, { timeout: 20_000, interval: 20 }).toBe(true);
const logged = (code: string) =>
  until(async () => {
    await bench.logged();
    return bench.codes.includes(code);
  });
const metrics = async () => (await fetch(`${agent!.url}/metrics`)).text();
const hash = () => agent!.status.image;

test('a distributed policy takes the place of those of the host, after its trial', async () => {
  await repository.release('miners', policyText('distributed'));
  const told: string[] = [];
  bench.world.manager = { reloading() {}, ready() {}, status: (line) => told.push(line) };
  await start();
  const own = hash();
  await until(() => bench.session.calls.includes('promote'));
  await logged('rollout-active');
  expect(bench.session.calls.indexOf('stage')).toBeLessThan(bench.session.calls.indexOf('promote'));
  expect(hash()).not.toBe(own);
  expect(told.at(-1)).toBe('Tier lsm, 1 rules in force, generation 2.');
  expect(await metrics()).toContain(
    'portcullis_rollout_target{policy="miners",release="1",rollout_stage="0",state="active"} 1',
  );
  const distributed = hash();
  await agent!.reload();
  expect(hash()).toBe(distributed);
});

test('a policy that would act on what runs on the host is refused, by what the kernel says of the trial', async () => {
  await repository.release('miners', policyText('sh'), { stages: [{ percent: 100, bake: 3_600 }], limit: 1 });
  await start();
  const own = hash();
  await until(() => bench.session.shadow !== undefined);
  const would = { shadow: true, verdict: 'would' as const, rules: [0] };
  bench.session.send(record({ ...would, established: false, inode: 1n, path: '/tmp/new' }));
  bench.session.send(record({ ...would, established: true, inode: 2n, path: '/bin/sh' }));
  bench.session.send(record({ ...would, established: true, inode: 2n, path: '/bin/sh' }));
  bench.session.send(record({ ...would, established: true, inode: 3n, path: '/bin/dash' }));
  await logged('rollout-refused');
  const refusal = bench.entries.find(({ msg }) => msg === 'rollout-refused')!;
  expect(refusal).toMatchObject({
    level: 'error',
    reason: 'acts-on-established',
    established: 2,
    names: ['/bin/sh', '/bin/dash'],
  });
  // `portcullis events --verdict would` shows these.
  const told = bench.entries.filter(({ msg }) => msg === 'event').map(({ portcullis }) => portcullis);
  expect(told.length).toBeGreaterThan(0);
  for (const each of told) expect(each).toMatchObject({ verdict: 'would', shadow: true });
  expect(bench.session.calls).not.toContain('promote');
  expect([hash(), bench.session.shadow]).toEqual([own, undefined]);
  expect(await metrics()).toContain('release="1",rollout_stage="0",state="refused"} 1');
});

test('after a restart without a network it begins with what was distributed last', async () => {
  await repository.release('miners', policyText('distributed'));
  await start();
  await logged('rollout-active');
  const distributed = hash();
  await agent!.stop('restart');
  await server.stop();
  writeFileSync(bench.logFile, '');
  await start();
  expect(hash()).toBe(distributed);
  await logged('rollout-poll-failed');
  expect(hash()).toBe(distributed);
  server = await FileServer.start(repository.path);
});

test('it protects by its own policies when the repository cannot be followed at all', async () => {
  await start({ root: '/nowhere/root.json' });
  await bench.logged();
  const told = bench.entries.find(({ msg }) => msg === 'rollout-unavailable');
  expect(told).toMatchObject({ level: 'error', text: expect.stringContaining('/nowhere/root.json (rollout.root)') });
  expect(agent!.status).toMatchObject({ status: 'ready', rules: 1 });
});

test('a rollout that cannot start is told by status and metrics, not by the log alone', async () => {
  const socket = join(bench.directory, 'control.sock');
  agent = await bench.start({
    rollout: rollout({ root: '/nowhere/root.json' }),
    control: { socket: { at: 'path', path: socket } },
  });
  const { stdout } = await run(['status', '--json', '--socket', socket]);
  const reason = 'Cannot read /nowhere/root.json (rollout.root): there is no such file.';
  expect(JSON.parse(stdout)).toMatchObject({ rollout: { is: 'unavailable', url: server.url, reason } });
  const text = (await run(['status', '--socket', socket])).stdout;
  expect(text).toMatch(/^rollout +unavailable: Cannot read .*; policies come from this host alone$/m);
  expect(await metrics()).toContain('\nportcullis_rollout_configured 1\n');
  expect(await metrics()).toContain('\nportcullis_rollout_last_success_timestamp_seconds 0\n');
});

test('metrics tell a host with a repository from one without', async () => {
  await start();
  expect(await metrics()).toContain('\nportcullis_rollout_configured 1\n');
  await agent!.stop('another configuration');
  const { url: _, ...rest } = rollout();
  agent = await bench.start({ rollout: rest });
  expect(await metrics()).toContain('\nportcullis_rollout_configured 0\n');
});

test('what is distributed and does not load here is refused, and the old policy stays', async () => {
  // A publisher that does not check.
  const text = 'rules:\n  - id: x\n    expression: exec.nothing == 1\n';
  await repository.release('bad', text);
  await start();
  const own = hash();
  await logged('rollout-refused');
  expect(bench.entries.find(({ msg }) => msg === 'rollout-refused')).toMatchObject({ reason: 'policy-without-rules' });
  expect(hash()).toBe(own);
});

test('a trial that could not begin leaves nothing, and is tried again', async () => {
  await repository.release('miners', policyText('distributed'));
  bench.session.failures.set('stage', new Error('no memory'));
  await start();
  await logged('rollout-error');
  await logged('rollout-active');
  const calls = bench.session.calls.filter((call) => ['stage', 'discard', 'promote'].includes(call));
  expect(calls).toEqual(['stage', 'discard', 'stage', 'promote']);
});

test('a stop in the middle of a trial ends it', async () => {
  await repository.release('miners', policyText('x'), { stages: [{ percent: 100, bake: 3_600 }] });
  await start();
  await until(() => bench.session.shadow !== undefined);
  await agent!.stop('test');
  expect(bench.session.calls.at(-1)).toBe('close');
  expect(readFileSync(bench.logFile, 'utf8')).toContain('"stopped"');
});
