import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Agent } from '../../src/agent/agent.js';
import { lostInAll } from '../../src/agent/stop-summary.js';
import { record } from '../events/support.js';
import { Bench } from './support.js';

let bench: Bench;
let agent: Agent | undefined;
beforeEach(() => {
  bench = new Bench();
  agent = undefined;
});
afterEach(async () => {
  await agent?.stop('end of the test');
  bench.dispose();
});

async function get(path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(agent!.url + path);
  return { status: response.status, body: await response.text() };
}

describe('start', () => {
  test('proves the tier, puts the policy into force and says so; the tier comes first', async () => {
    agent = await bench.start();
    await bench.logged();
    expect(bench.codes).toEqual([
      'tier',
      'listening',
      'self-test',
      'established',
      'image-active',
      'rule-place',
      'ready',
    ]);
    expect(bench.entries[0]).toMatchObject({
      tier: 'lsm',
      cannot: ['It is only a fake.'],
      text: 'Tier lsm: It is only a fake.',
    });
    expect(bench.session.calls).toEqual(['selfTest', 'start', 'activate enforce']);
    expect(await get('/readyz')).toMatchObject({ status: 200 });
    expect(agent.status).toMatchObject({ pid: 77, status: 'ready', rules: 1, generation: 1, tier: 'lsm' });
  });

  test('without a policy that loads it does not start, and nothing stays attached', async () => {
    bench.writeText('rules: [{id: bad, expression: "exec.file.nam =="}]\n');
    await expect(bench.start()).rejects.toMatchObject({ code: 'policy-without-rules' });
    expect(bench.session.calls.at(-1)).toBe('close');
    expect(bench.session.image).toBeUndefined();
    expect(bench.codes).toContain('policy-diagnostic');
    expect(bench.codes.at(-1)).toBe('cannot-start');
  });

  test('a tier that does not do what it claims is not used', async () => {
    bench.session.failures.set('selfTest', new Error('the self-test exec ran'));
    await expect(bench.start()).rejects.toThrow('the self-test exec ran');
    expect(bench.session.calls).toEqual(['selfTest', 'close']);
  });

  test('a port that is taken is found before the kernel is touched', async () => {
    agent = await bench.start();
    const other = new Bench();
    const listen = { host: '127.0.0.1', port: Number(new URL(agent.url).port) };
    await expect(other.start({ listen })).rejects.toMatchObject({ code: 'listen' });
    expect(other.session.calls).toEqual([]);
    other.dispose();
  });

  test('an address that others can reach is warned about', async () => {
    agent = await bench.start({ listen: { host: '0.0.0.0', port: 0 } });
    await bench.logged();
    expect(bench.codes).toContain('listening-widely');
  });

  test('a rule that is to enforce and cannot in the kernel is warned about', async () => {
    bench.writeText(`version: 1.0.0
rules:
  - id: lineage
    expression: exec.file.name == "x" && process.ancestors.comm == "sh"
    mode: enforce
    actions: [{kill: {signal: SIGKILL, scope: process}}]
`);
    agent = await bench.start();
    await bench.logged();
    const place = bench.entries.find(({ msg }) => msg === 'rule-place');
    expect(place).toMatchObject({ level: 'warn', rule: 'lineage', place: 'user-space' });
  });
});

test('a rule about an event that the agent makes nothing of is warned about', async () => {
  bench.writeText(`version: 1.0.0
rules:
  - {id: opens, expression: open.flags > 0}
  - {id: runs, expression: exec.pid == 1}
`);
  agent = await bench.start();
  await bench.logged();
  const warned = bench.entries.filter(({ msg, level }) => msg === 'rule-place' && level === 'warn');
  expect(warned).toMatchObject([{ rule: 'opens' }]);
});

describe('events', () => {
  test('a verdict is one line, counted, and acknowledged', async () => {
    agent = await bench.start();
    bench.session.send(record({ verdict: 'refuse', stage: 'refuse', rules: [0] }));
    await expect.poll(() => bench.session.acknowledged).toBe(1);
    const event = bench.entries.find(({ msg }) => msg === 'event');
    expect(event).toMatchObject({
      agent: { rule_id: 'deny_xmrig', version: '1.0.0' },
      portcullis: { verdict: 'refuse' },
    });
    const { body } = await get('/metrics');
    expect(body).toContain('portcullis_verdicts_total{verdict="refuse",stage="refuse"} 1');
    expect(body).toContain('portcullis_rule_matches_total{rule="deny_xmrig",verdict="refuse"} 1');
  });

  test('the end of a process is an event while a rule asks for it', async () => {
    bench.writeText(`version: 1.0.0
rules:
  - {id: runs, expression: exec.pid == 1}
  - {id: ends, expression: exit.code == 3}
`);
    agent = await bench.start();
    bench.session.send(record({ event: 'exit', verdict: 'none', exitCode: 3 << 8 }));
    bench.session.send(record({ event: 'exit', verdict: 'none', exitCode: 0 }));
    await expect.poll(() => bench.session.acknowledged).toBe(2);
    const events = bench.entries.filter(({ msg }) => msg === 'event');
    expect(events).toMatchObject([{ agent: { rule_id: 'ends' }, evt: { name: 'exit' } }]);
    expect((await get('/metrics')).body).toContain('portcullis_verdicts_total{verdict="report",stage="exit"} 1');
  });

  test('records of the old image keep its rules after a reload', async () => {
    agent = await bench.start();
    const late = record({ rules: [0] });
    bench.writePolicy('other');
    await agent.reload();
    bench.session.generation = 1n;
    bench.session.send(late);
    bench.session.generation = 2n;
    bench.session.send(late);
    await expect.poll(() => bench.session.acknowledged).toBe(2);
    const ids = bench.entries.filter(({ msg }) => msg === 'event').map((event) => event.agent);
    expect(ids).toMatchObject([{ rule_id: 'deny_xmrig' }, { rule_id: 'deny_other' }]);
  });
});

describe('reload', () => {
  test('swaps the image', async () => {
    agent = await bench.start();
    const old = bench.session.image;
    bench.writePolicy('other');
    expect(await agent.reload()).toBe('done');
    expect(bench.session.image).not.toEqual(old);
    expect(agent.status).toMatchObject({ generation: 2, lastReload: 'done' });
    const { body } = await get('/metrics');
    expect(body.match(/^portcullis_image_info.*$/gm)).toHaveLength(1);
    expect(body).toContain('generation="2"} 1');
    expect(body).toContain('portcullis_reloads_total{result="done"} 1');
  });

  test.each([
    ['no YAML', 'rules: [\n'],
    ['no rules', 'version: 1.0.0\nrules: []\n'],
    ['only rules that do not compile', 'version: 1.0.0\nrules: [{id: bad, expression: "exec.file.nam == 1"}]\n'],
  ])('%s: the old policy stays in force, and the log says so', async (_, text) => {
    agent = await bench.start();
    const old = bench.session.image;
    bench.writeText(text);
    expect(await agent.reload()).toBe('refused');
    await bench.logged();
    expect(bench.session.image).toBe(old);
    expect(bench.session.calls.filter((call) => call.startsWith('activate'))).toHaveLength(1);
    const refusal = bench.entries.at(-1);
    expect(refusal).toMatchObject({ level: 'error', msg: 'reload-refused' });
    expect(refusal!.text).toMatch(/^The old policy stays in force\. /);
    expect(await get('/readyz')).toMatchObject({ status: 200 });
    expect((await get('/metrics')).body).toContain('portcullis_reloads_total{result="refused"} 1');
  });

  test('a file that breaks does not take its rules out of force while others load', async () => {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${bench.directory}/second.policy`, 'version: 1.0.0\nrules: [{id: a, expression: exec.pid == 1}]\n');
    agent = await bench.start();
    bench.writeText('rules: {\n');
    expect(await agent.reload()).toBe('refused');
    expect(agent.status).toMatchObject({ rules: 2, generation: 1 });
  });

  test('a bad rule among good ones is reported, and the good ones come into force', async () => {
    agent = await bench.start();
    bench.writeText(`version: 1.0.0
rules:
  - {id: good, expression: exec.file.name == "good"}
  - {id: bad, expression: exec.file.nam == "bad"}
`);
    expect(await agent.reload()).toBe('partial');
    await bench.logged();
    expect(bench.entries.find(({ msg }) => msg === 'policy-diagnostic')).toMatchObject({
      level: 'error',
      rule: 'bad',
      line: 4,
    });
    expect(agent.status).toMatchObject({ rules: 1, generation: 2 });
  });

  test('a kernel that refuses the image leaves the old one in force', async () => {
    agent = await bench.start();
    bench.session.failures.set('activate', Object.assign(new Error('no room'), { code: 'image-too-large' }));
    bench.writePolicy('other');
    expect(await agent.reload()).toBe('refused');
    bench.session.send(record({ rules: [0] }));
    await expect.poll(() => bench.session.acknowledged).toBe(1);
    expect(bench.entries.find(({ msg }) => msg === 'reload-refused')).toMatchObject({ code: 'image-too-large' });
    expect(bench.entries.at(-1)).toMatchObject({ agent: { rule_id: 'deny_xmrig' } });
  });

  test('reloads come one after the other', async () => {
    agent = await bench.start();
    bench.writePolicy('other');
    expect(await Promise.all([agent.reload(), agent.reload()])).toEqual(['done', 'done']);
    expect(bench.session.generation).toBe(3n);
  });
});

describe('stop', () => {
  test('nothing decides any more, what is left is logged, then the programs go; the last line says it all', async () => {
    agent = await bench.start();
    bench.session.left = [record({ verdict: 'refuse', rules: [0], generation: 1n })];
    bench.session.send(record({ rules: [0] }));
    bench.session.count({ exec: 12n, refused: 1n });
    const { url } = agent;
    const summary = await agent.stop('SIGTERM');
    expect(bench.session.calls.slice(-3)).toEqual(['release', 'drain', 'close']);
    expect(lostInAll(summary)).toBe(0);
    expect(bench.codes.slice(-4)).toEqual(['stopping', 'event', 'event', 'stopped']);
    expect(bench.entries.at(-1)).toMatchObject({
      level: 'info',
      text: 'Stopped and detached. 13 execs decided, 1 refused, 0 killed, 2 events logged, nothing lost.',
      counters: { exec: 12, refused: 1 },
      delivery: { records: 2, events: 2 },
      lost: { verdicts: 0, reports: 0, undelivered: 0 },
    });
    await expect(fetch(url)).rejects.toThrow();
  });

  test('says what the kernel lost', async () => {
    agent = await bench.start();
    bench.session.count({ lost_report: 3n, lost_verdict: 1n });
    const summary = await agent.stop('SIGTERM');
    expect(lostInAll(summary)).toBe(4);
    expect(bench.codes).toContain('records-lost');
    expect(bench.entries.at(-1)).toMatchObject({ level: 'error', lost: { verdicts: 1, reports: 3 } });
  });

  test('is not blamed for what was lost before this agent came, which the log says at its start', async () => {
    const counters = { lost_report: 3n, lost_verdict: 1n };
    bench.session.count(counters);
    const before = { generation: 1n, since: [], waiting: 0n, counters };
    bench.session.before = { is: 'adopted', halves: 0, ...before };
    agent = await bench.start();
    await bench.logged();
    const said = bench.entries.find(({ msg }) => msg === 'pins-adopted');
    expect(said).toMatchObject({ level: 'error', verdicts: 1, reports: 3 });
    expect(said!.text).toContain('1 verdicts and 3 reports are lost');
    bench.session.count({ lost_report: 5n });
    const summary = await agent.stop('SIGTERM');
    expect(bench.entries.find(({ msg }) => msg === 'records-lost')).toMatchObject({ verdicts: 0, reports: 2 });
    expect(lostInAll(summary)).toBe(2);
  });

  test('says nothing of losses where an agent before lost nothing', async () => {
    bench.session.before = { is: 'adopted', halves: 0, generation: 1n, since: [], waiting: 0n, counters: {} };
    agent = await bench.start();
    await bench.logged();
    expect(bench.entries.find(({ msg }) => msg === 'pins-adopted')).toMatchObject({ level: 'info' });
    expect(lostInAll(await agent.stop('SIGTERM'))).toBe(0);
  });

  test('detaches even when the kernel does not let go of its records', async () => {
    agent = await bench.start();
    bench.session.failures.set('drain', new Error('ring is gone'));
    await agent.stop('SIGTERM');
    expect(bench.session.calls.at(-1)).toBe('close');
    expect(bench.codes.slice(-2)).toEqual(['delivery-failed', 'stopped']);
  });

  test('happens once, and no reload comes after it', async () => {
    agent = await bench.start();
    await Promise.all([agent.stop('SIGTERM'), agent.stop('SIGINT')]);
    expect(await agent.reload()).toBe('refused');
    expect(bench.session.calls.filter((call) => call === 'close')).toHaveLength(1);
    expect(existsSync(bench.logFile)).toBe(true);
  });
});
