import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Agent } from '../../src/agent/agent.js';
import { FollowedConfig } from '../../src/agent/config-follow.js';
import { layered } from './config-support.js';
import { Bench } from './support.js';

let bench: Bench;
let agent: Agent | undefined;
let text: string;

beforeEach(() => {
  bench = new Bench();
  agent = undefined;
  text = fileText();
});
afterEach(async () => {
  await agent?.stop('end of the test');
  bench.dispose();
});

function fileText(more = ''): string {
  return [
    `policies: [${bench.directory}]`,
    'listen: 0',
    `log: {level: debug, destination: ${bench.logFile}}`,
    'control: {socket: off}',
    more,
    '',
  ].join('\n');
}

async function start(): Promise<Agent> {
  const followed = new FollowedConfig(() => layered(text));
  bench.world.rereadConfig = () => followed.reread();
  agent = await bench.start(followed.config);
  return agent;
}

const entry = (code: string) => bench.entries.find(({ msg }) => msg === code);

test('a reload takes what it can of a changed configuration and names what waits', async () => {
  await start();
  text = fileText('on_unseen: enforce\ntier: kprobe');
  expect(await agent!.reload()).toBe('done');
  await bench.logged();
  expect(bench.session.calls.at(-1)).toBe('activate enforce');
  expect(entry('config-changed')).toMatchObject({ keys: ['on_unseen'] });
  expect(entry('config-waits')).toMatchObject({ level: 'warn', keys: ['tier'] });
  expect(entry('config-waits')!.text).toContain('needs a restart: tier');
});

test('the level of the log changes with it', async () => {
  await start();
  text = fileText().replace('level: debug', 'level: error');
  await agent!.reload();
  const before = bench.entries.length;
  await agent!.reload();
  await bench.logged();
  expect(bench.entries.slice(before)).toEqual([]);
});

test('a mistake changes nothing, and the log names its place', async () => {
  await start();
  text = fileText('tier: best');
  expect(await agent!.reload()).toBe('refused');
  await bench.logged();
  expect(entry('reload-refused')).toMatchObject({ code: 'config-value', text: expect.stringContaining('p.yaml:5:7') });
  expect(bench.session.generation).toBe(1n);
});

test('with policies that are refused the old configuration holds, and the change is told when it comes into force', async () => {
  await start();
  text = fileText('on_unseen: enforce');
  bench.writeText('rules: [\n');
  expect(await agent!.reload()).toBe('refused');
  await bench.logged();
  expect(entry('config-changed')).toBeUndefined();
  bench.writePolicy('other');
  expect(await agent!.reload()).toBe('done');
  await bench.logged();
  expect(entry('config-changed')).toMatchObject({ keys: ['on_unseen'] });
});

test('without a change nothing is said of the configuration', async () => {
  await start();
  await agent!.reload();
  await bench.logged();
  expect(bench.codes.filter((code) => String(code).startsWith('config-'))).toEqual([]);
});

test('what the kernel does not take of a configuration refuses it as a whole, and the next reload takes it', async () => {
  await start();
  text = fileText('on_unseen: report\nbreaker: {limit: 3}\ncanary: {cgroup: /nowhere}').replace('debug', 'error');
  bench.session.failures.set('limitTo', new Error('the map is gone'));
  expect(await agent!.reload()).toBe('refused');
  await bench.logged();
  expect(entry('reload-refused')).toMatchObject({ text: expect.stringContaining('the map is gone') });
  expect([bench.session.canary, bench.session.breakerLimit, bench.session.generation]).toEqual([undefined, 10, 1n]);
  expect(bench.codes.filter((code) => String(code).startsWith('config-'))).toEqual([]);
  text = fileText('breaker: {limit: 3}');
  expect(await agent!.reload()).toBe('done');
  await bench.logged();
  expect(bench.session.breakerLimit).toBe(3);
  expect(entry('config-changed')).toMatchObject({ keys: ['breaker.limit'] });
});

test('where not even the old configuration can be used again, that is said, and the agent lives', async () => {
  text = fileText('canary: {cgroup: /nowhere}');
  await start();
  text = fileText('canary: {cgroup: /elsewhere}');
  bench.session.limitTo = () => {
    throw new Error('the map is gone');
  };
  expect(await agent!.reload()).toBe('refused');
  await bench.logged();
  const said = bench.entries.filter(({ msg }) => msg === 'reload-refused').map(({ text }) => String(text));
  expect(said).toEqual([expect.stringContaining('not all of the old configuration'), expect.stringContaining('stays')]);
});
