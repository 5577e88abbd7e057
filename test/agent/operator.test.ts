import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Agent } from '../../src/agent/agent.js';
import type { RuleReport, StatusReport, TopReport } from '../../src/telemetry/control/reports.js';
import { record } from '../events/support.js';
import { Client } from '../telemetry/control/support.js';
import { Bench } from './support.js';

let bench: Bench;
let agent: Agent;
let client: Client;

beforeEach(async () => {
  bench = new Bench();
  bench.writeText(`version: 1.0.0
rules:
  - {id: denies, expression: exec.file.name == "xmrig", mode: enforce, actions: [{deny: {}}]}
  - {id: watches, expression: exec.file.name == "xmrig", mode: monitor, actions: [{kill: {signal: SIGKILL}}]}
  - {id: tells, expression: exec.file.name == "sh"}
`);
  const path = join(bench.directory, 'control.sock');
  agent = await bench.start({ control: { socket: { at: 'path', path } } });
  client = new Client(path);
});
afterEach(async () => {
  client.socket.destroy();
  await agent.stop('end of the test');
  bench.dispose();
});

async function ask<Result>(request: object): Promise<Result> {
  client.send(`${JSON.stringify(request)}\n`);
  const answer = await client.answer();
  if (answer?.answer === 'error') throw Object.assign(new Error(String(answer.message)), { code: answer.code });
  return answer!.result as Result;
}

const status = () => ask<StatusReport>({ verb: 'status' });
const entry = (code: string) => bench.entries.find(({ msg }) => msg === code);

describe('status', () => {
  test('says what is in force and what was counted', async () => {
    bench.session.count({ exec: 9n, refused: 2n, lost_report: 1n });
    bench.session.send(record({ verdict: 'refuse', stage: 'refuse', rules: [0] }));
    await expect.poll(() => bench.session.acknowledged).toBe(1);
    expect(await status()).toMatchObject({
      version: '1.0.0',
      pid: 77,
      phase: 'ready',
      url: agent.url,
      enforcement: { is: 'on' },
      tier: { name: 'lsm', cannot: ['It is only a fake.'] },
      image: { generation: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      rules: [
        { id: 'denies', mode: 'enforce', policyMode: 'enforce', place: 'kernel-before-exec', matches: 1 },
        { id: 'watches', mode: 'monitor', matches: 0 },
        { id: 'tells', mode: 'monitor', matches: 0 },
      ],
      execs: 9,
      verdicts: { refuse: 2 },
      lost: { verdicts: 0, reports: 1, malformed: 0 },
      lag: { ringBytes: 40, ringSizeBytes: 4096, records: 0 },
      memory: { kernelBytes: 4096, residentBytes: expect.any(Number) },
    });
  });

  test('top has what rates are made of', async () => {
    bench.session.send(record({ verdict: 'refuse', stage: 'refuse', rules: [0] }));
    await expect.poll(() => bench.session.acknowledged).toBe(1);
    const top = await ask<TopReport>({ verb: 'top' });
    expect(top.programs).toEqual([{ name: 'refuse', runs: 3, nanoseconds: 1_500_000_000 }]);
    expect(top.rules[0]).toEqual({ id: 'denies', mode: 'enforce', matches: 1 });
    expect(top.slowest).toMatchObject([{ rule: 'denies' }]);
  });
});

describe('off and on', () => {
  test('nothing is decided in between; status, health and log say who asked', async () => {
    await ask({ verb: 'off' });
    await bench.logged();
    expect(bench.session.calls.at(-1)).toBe('suspend');
    const by = expect.stringMatching(new RegExp(`\\(pid ${process.pid}, uid ${process.getuid!()}\\)$`));
    expect(await status()).toMatchObject({ phase: 'off', enforcement: { is: 'off', by } });
    expect(entry('switched-off')).toMatchObject({ level: 'warn', by });
    expect((await fetch(`${agent.url}/readyz`)).status).toBe(503);
    expect(await (await fetch(`${agent.url}/metrics`)).text()).toContain('portcullis_switched_off 1');

    await ask({ verb: 'on' });
    await bench.logged();
    expect(bench.session.calls.slice(-2)).toEqual(['resume', 'activate enforce']);
    expect(await status()).toMatchObject({ phase: 'ready', enforcement: { is: 'on' }, image: { generation: 2 } });
    expect(entry('switched-on')).toMatchObject({ level: 'warn', by });
    expect((await fetch(`${agent.url}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${agent.url}/metrics`)).text()).toContain('portcullis_switched_off 0');
  });

  test('twice the same is once', async () => {
    await ask({ verb: 'on' });
    await ask({ verb: 'off' });
    await ask({ verb: 'off' });
    expect(bench.session.calls.filter((call) => call === 'suspend' || call === 'resume')).toEqual(['suspend']);
  });

  test('a reload does not switch on', async () => {
    await ask({ verb: 'off' });
    expect(await ask({ verb: 'reload' })).toBe('refused');
    await bench.logged();
    expect(entry('reload-refused')).toMatchObject({ code: 'switched-off' });
    expect((await status()).enforcement.is).toBe('off');
    expect(bench.session.image).toBeUndefined();
  });

  test('what the kernel does not take back stays off', async () => {
    await ask({ verb: 'off' });
    bench.session.failures.set('activate', Object.assign(new Error('no room'), { code: 'image-too-large' }));
    await expect(ask({ verb: 'on' })).rejects.toMatchObject({ code: 'image-too-large' });
    expect(bench.session.calls.at(-1)).toBe('suspend');
    expect(await status()).toMatchObject({ phase: 'off', enforcement: { is: 'off' } });
  });
});

describe("a rule's mode", () => {
  const events = () => bench.entries.filter(({ msg }) => msg === 'event');

  test('changes in the kernel and in the events that come, and who asked is logged', async () => {
    const report = await ask<RuleReport>({ verb: 'rule', rule: 'denies', mode: 'monitor' });
    expect(report).toMatchObject({ id: 'denies', mode: 'monitor', policyMode: 'enforce' });
    expect(bench.session.calls.at(-1)).toBe('setMode 0 monitor');
    bench.session.send(record({ verdict: 'report', rules: [0] }));
    await expect.poll(() => bench.session.acknowledged).toBe(1);
    expect(events()).toMatchObject([{ portcullis: { mode: 'monitor', rules: [{ id: 'denies', mode: 'monitor' }] } }]);
    expect(entry('rule-mode')).toMatchObject({
      level: 'warn',
      rule: 'denies',
      mode: 'monitor',
      policyMode: 'enforce',
      by: expect.stringContaining(`pid ${process.pid}`),
    });
  });

  test('two rules keep each their own', async () => {
    await ask({ verb: 'rule', rule: 'denies', mode: 'monitor' });
    await ask({ verb: 'rule', rule: 'watches', mode: 'enforce' });
    const modes = (await status()).rules.map(({ id, mode }) => [id, mode]);
    expect(modes).toEqual([
      ['denies', 'monitor'],
      ['watches', 'enforce'],
      ['tells', 'monitor'],
    ]);
    bench.session.send(record({ verdict: 'report', rules: [0, 1] }));
    await expect.poll(() => bench.session.acknowledged).toBe(1);
    expect(events()).toMatchObject([{ portcullis: { rules: [{ mode: 'monitor' }, { mode: 'enforce' }] } }]);
  });

  test('outlives a reload, in which the rule does not enforce for a moment, until it is given back', async () => {
    await ask({ verb: 'rule', rule: 'denies', mode: 'monitor' });
    await ask({ verb: 'rule', rule: 'watches', mode: 'enforce' });
    const before = bench.session.image;
    expect(await ask({ verb: 'reload' })).toBe('done');
    // The image itself says monitor; what is to enforce is told the kernel when the image is active.
    expect(Buffer.compare(bench.session.image!, before!)).not.toBe(0);
    expect(bench.session.calls.slice(-3)).toEqual(['activate enforce', 'setMode 0 monitor', 'setMode 1 enforce']);
    expect((await status()).rules.slice(0, 2)).toMatchObject([
      { mode: 'monitor', policyMode: 'enforce' },
      { mode: 'enforce', policyMode: 'monitor' },
    ]);
    expect(await ask({ verb: 'rule', rule: 'denies', mode: 'policy' })).toMatchObject({ mode: 'enforce' });
    expect(bench.session.calls.at(-1)).toBe('setMode 0 enforce');
    expect((await status()).rules[0]).toMatchObject({ mode: 'enforce', policyMode: 'enforce' });
  });

  test('is forgotten with the rule', async () => {
    await ask({ verb: 'rule', rule: 'denies', mode: 'monitor' });
    const text = 'version: 1.0.0\nrules: [{id: other, expression: exec.pid == 1}]\n';
    bench.writeText(text);
    await ask({ verb: 'reload' });
    bench.writeText(`${text.replace('other', 'denies').replace('}', ', mode: enforce, actions: [{deny: {}}]}')}`);
    await ask({ verb: 'reload' });
    expect((await status()).rules).toMatchObject([{ id: 'denies', mode: 'enforce' }]);
  });

  test('while enforcement is off it is kept for when it is on', async () => {
    await ask({ verb: 'off' });
    await ask({ verb: 'rule', rule: 'denies', mode: 'monitor' });
    expect(bench.session.calls).not.toContain('setMode 0 monitor');
    await ask({ verb: 'on' });
    expect(bench.session.calls.at(-1)).toBe('setMode 0 monitor');
  });

  test('of a rule that can only report is not enforce', async () => {
    await expect(ask({ verb: 'rule', rule: 'tells', mode: 'enforce' })).rejects.toMatchObject({
      code: 'cannot-enforce',
      message: expect.stringContaining('tells'),
    });
    expect(bench.session.calls.some((call) => call.startsWith('setMode'))).toBe(false);
  });

  test('of a rule that is not there is not switched; a near one is named', async () => {
    await expect(ask({ verb: 'rule', rule: 'denie', mode: 'monitor' })).rejects.toMatchObject({
      code: 'no-such-rule',
      message: expect.stringContaining('did you mean `denies`?'),
    });
  });
});

describe('events', () => {
  test('of the past and, for a follower, those that come', async () => {
    bench.session.send(record({ verdict: 'refuse', rules: [0] }));
    await expect.poll(() => bench.session.acknowledged).toBe(1);
    client.send('{"verb":"follow","verdict":"refuse"}\n');
    expect(await client.answer()).toMatchObject({ item: { agent: { rule_id: 'denies' } } });
    bench.session.send(record({ verdict: 'report', rules: [2] }));
    bench.session.send(record({ verdict: 'refuse', rules: [0], exec: 5n }));
    expect(await client.answer()).toMatchObject({ item: { portcullis: { verdict: 'refuse' } } });
  });

  test('by rule', async () => {
    bench.session.send(record({ verdict: 'report', rules: [2] }), record({ verdict: 'refuse', rules: [0, 1] }));
    await expect.poll(() => bench.session.acknowledged).toBe(2);
    client.send('{"verb":"events","rule":"watches"}\n');
    expect(await client.answer()).toMatchObject({ item: { agent: { rule_id: 'denies' } } });
    expect(await client.answer()).toEqual({ answer: 'end' });
  });
});

test('processes: what the rules think of this very test', async () => {
  const name = JSON.stringify((await import('node:path')).basename(process.execPath));
  bench.writeText(`version: 1.0.0
rules:
  - {id: is_node, expression: exec.file.name == ${name}}
  - {id: is_not, expression: exec.file.name == "xmrig"}
`);
  await ask({ verb: 'reload' });
  client.send('{"verb":"processes"}\n');
  const found: Record<string, unknown>[] = [];
  for (let answer = await client.answer(); answer?.answer === 'item'; answer = await client.answer()) {
    found.push(answer.item as Record<string, unknown>);
  }
  const own = found.find(({ pid }) => pid === process.pid);
  expect(own).toMatchObject({ ppid: process.ppid, source: 'proc', uid: process.getuid!() });
  expect(own!.rules).toEqual([expect.objectContaining({ id: 'is_node', truth: 'holds', mode: 'monitor' })]);
});

test('a reload is asked for by somebody', async () => {
  bench.writePolicy('other');
  expect(await ask({ verb: 'reload' })).toBe('done');
  await bench.logged();
  expect(entry('reload-asked')).toMatchObject({ by: expect.stringContaining(`pid ${process.pid}`) });
});

test('a socket that cannot be had keeps nothing from starting', async () => {
  const other = new Bench();
  const path = join(bench.directory, 'control.sock');
  const second = await other.start({ control: { socket: { at: 'path', path } } });
  await other.logged();
  const entry = other.entries.find(({ msg }) => msg === 'control-unavailable');
  expect(entry).toMatchObject({ level: 'error', text: expect.stringContaining('Another agent answers') });
  await second.stop('end of the test');
  other.dispose();
  expect((await status()).phase).toBe('ready');
});
