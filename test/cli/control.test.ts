import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commandLine } from '../../src/cli/command-line.js';
import { ControlError } from '../../src/telemetry/control/protocol.js';
import { ControlBench, status as report } from '../telemetry/control/support.js';
import { run } from './support.js';

let bench: ControlBench;
beforeEach(async () => {
  bench = new ControlBench();
  await bench.listen();
});
afterEach(() => bench.dispose());

/** A command line for this agent. */
const ask = (...args: string[]) => run([...args, '--socket', bench.path]);

const event = JSON.stringify({
  date: '2026-01-31T12:00:00.000Z',
  agent: { rule_id: 'miner' },
  file: { path: '/tmp/\u001b[31mred' },
  process: { pid: 7, ppid: 1, comm: 'x', args: ['-o', 'stratum+tcp://pool\nnext', { $base64: 'gP8=' }] },
  usr: { id: 'root' },
  container: { id: '0123456789abcdef' },
  portcullis: { verdict: 'refuse' },
});

describe('status', () => {
  test('says all of it on a page', async () => {
    const { status, stdout } = await ask('status');
    expect(status).toBe(0);
    for (const part of ['1.0.0, ready for 1 h 1 min', 'lsm', 'generation 4', 'refuse 2, kill 1', '80.0 MiB resident']) {
      expect(stdout).toContain(part);
    }
    expect(stdout).toMatch(/^lost +nothing$/m);
    expect(stdout).toMatch(/^miner +enforce +kernel, before the exec +3 +miners\.policy$/m);
    expect(stdout).toMatch(/^watched +monitor \(policy: enforce\) /m);
    expect(stdout).not.toContain('\u001b');
  });

  test('names what falls short', async () => {
    bench.target.status = () => ({
      ...report,
      phase: 'off',
      enforcement: { is: 'off', since: '2026-01-01T00:00:00.000Z', by: 'portcullis (pid 5, uid 0)' },
      tier: { name: 'tracepoint', cannot: ['It cannot refuse an exec.'], refused: [] },
      lost: { verdicts: 3, reports: 0, malformed: 0 },
      lastReload: 'refused',
    });
    const { stdout } = await ask('status');
    expect(stdout).toContain('off since 2026-01-01T00:00:00.000Z, by portcullis (pid 5, uid 0): nothing is decided');
    expect(stdout).toContain('It cannot refuse an exec.');
    expect(stdout).toMatch(/^lost +verdicts 3$/m);
    expect(stdout).toMatch(/^last reload +refused$/m);
  });

  test('as JSON it is the report', async () => {
    expect(JSON.parse((await ask('status', '--json')).stdout)).toEqual(report);
  });

  test('has colours on a terminal, and only there', async () => {
    let text = '';
    const terminal = Object.assign(
      new Writable({
        write(chunk, _, done) {
          text += String(chunk);
          done();
        },
      }),
      { isTTY: true },
    );
    const io = { stdin: process.stdin, stdout: terminal, stderr: terminal, env: {} };
    await commandLine(['status', '--socket', bench.path], io);
    expect(text).toContain('\u001b[1mRULE');
  });
});

describe('events', () => {
  test('one line each; what a terminal would act on is written out', async () => {
    bench.target.past = [event];
    expect((await ask('events')).stdout).toBe(
      '2026-01-31T12:00:00.000Z refuse    miner pid=7 ppid=1 user=root container=0123456789ab ' +
        '/tmp/\\x1b[31mred -o stratum+tcp://pool\\x0anext \\x80\u00ff\n',
    );
  });

  test('as JSON, with the filter that was asked for', async () => {
    bench.target.past = [event];
    const since = '2026-01-31T00:00:00Z';
    const { stdout } = await ask('events', '--json', '--rule', 'miner', '--verdict', 'refuse', '--since', since);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(event));
    expect(bench.target.calls).toEqual([
      `events {"rule":"miner","verdict":"refuse","since":${Date.parse('2026-01-31T00:00:00Z')}}`,
    ]);
  });

  test('that come are followed until the agent ends', async () => {
    const followed = ask('events', '--follow', '--json');
    await expect.poll(() => bench.target.followers.size).toBe(1);
    for (const follower of bench.target.followers) follower(event);
    await bench.close();
    const { status, stdout, stderr } = await followed;
    expect(JSON.parse(stdout)).toEqual(JSON.parse(event));
    expect(status).toBe(3);
    expect(stderr).toContain('The agent ended');
  });

  test.each([
    ['--since', 'yesterday'],
    ['--since', '-5m'],
    ['--verdict', 'maybe'],
  ])('%s %s is bad use', async (...args) => {
    expect(await ask('events', ...args)).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('processes', () => {
  test('are a tree, with the rules that hold', async () => {
    const { stdout } = await ask('processes');
    expect(stdout).toBe('      1 0      /sbin/init *\n     20 1000     /tmp/worker  [miner]\n');
  });

  test('that match come with those above them', async () => {
    const { stdout } = await ask('processes', '--matching', '--json');
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { pid: number }).pid),
    ).toEqual([1, 20]);
  });

  test('that are each other\u2019s parents, as pids that were given again look, are all told', async () => {
    const one = { uid: 0, comm: 'a', path: '/a', source: 'proc' as const, rules: [] };
    bench.target.processes = async function* () {
      yield { ...one, pid: 5, ppid: 6 };
      yield { ...one, pid: 6, ppid: 5 };
      yield { ...one, pid: 7, ppid: 7 };
    };
    const { status } = await ask('processes');
    expect(status).toBe(0);
  });
});

test('top shows rates between two looks', async () => {
  let looks = 0;
  const first = bench.target.top();
  bench.target.top = () => ({
    ...first,
    now: 1_000 + 500 * looks,
    execs: 100 + 50 * looks,
    rules: [{ id: 'miner', mode: 'enforce', matches: 3 + looks }],
    programs: [{ name: 'refuse', runs: 10 + 10 * looks, nanoseconds: 25_000 + 40_000 * looks++ }],
  });
  const { stdout } = await ask('top', '--interval', '0.1', '--count', '1');
  expect(stdout).toContain('100 execs/s   nothing lost');
  expect(stdout).toMatch(/^miner +enforce +2\.0 +4$/m);
  expect(stdout).toMatch(/^refuse +20 +4\.0$/m);
  expect(stdout).toMatch(/^12 ms +miner +\/tmp\/xmrig$/m);
  expect((await ask('top', '--interval', '0', '--count', '1')).status).toBe(2);
});

describe('what changes something', () => {
  test.each([
    [['off'], 'off'],
    [['on'], 'on'],
    [['rule', 'miner', 'monitor'], 'rule miner monitor'],
    [['reload'], 'reload'],
    [['unlock'], 'unlock 60'],
    [['unlock', '--for', '5m'], 'unlock 300'],
    [['unlock', '--for', '0'], 'unlock 0'],
  ])('%j', async (args, call) => {
    expect((await ask(...args)).status).toBe(0);
    expect(bench.target.calls[0]).toBe(call);
  });

  test('says what came of it', async () => {
    const { stdout } = await ask('rule', 'miner', 'monitor');
    expect(stdout).toBe('The rule miner is in mode monitor. Its policy says enforce.\n');
    expect((await ask('on')).stdout).toBe('Enforcement is on: 2 rules, generation 4.\n');
  });

  test('a refused reload is status 1', async () => {
    bench.target.reload = async () => 'refused' as 'done';
    const { status, stdout, stderr } = await ask('reload');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('The old policy stays in force');
  });

  test('what the agent refuses is status 1, and its sentence', async () => {
    bench.target.failure = new ControlError('no-such-rule', 'There is no rule x in force.');
    expect(await ask('rule', 'x', 'monitor')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'portcullis: There is no rule x in force.\n',
    });
  });

  test.each(['61m', 'soon', '-1s'])('unlocking for %s is bad use', async (time) => {
    expect((await ask('unlock', `--for=${time}`)).status).toBe(2);
    expect(bench.target.calls).toEqual([]);
  });

  test('a mode that is none is bad use', async () => {
    expect((await ask('rule', 'miner', 'kill')).status).toBe(2);
    expect(bench.target.calls).toEqual([]);
  });
});

describe('without an agent', () => {
  test('status 3, and what to do', async () => {
    const { status, stdout, stderr } = await run(['status', '--socket', join(bench.directory, 'none.sock')]);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toContain('The agent is not running');
    expect(stderr).toContain('systemctl start portcullis');
  });

  test('the socket is where the configuration says', async () => {
    const PORTCULLIS_CONTROL_SOCKET = bench.path;
    expect((await run(['status', '--json'], '', { PORTCULLIS_CONTROL_SOCKET })).status).toBe(0);
    expect(await run(['status'], '', { PORTCULLIS_CONTROL_SOCKET: 'off' })).toMatchObject({ status: 1, stdout: '' });
    expect(await run(['status'], '', { PORTCULLIS_CONTROL_SOCKET: 'here' })).toMatchObject({ status: 2, stdout: '' });
  });
});

test('metrics of the agent', async () => {
  expect((await ask('metrics')).stdout).toBe('portcullis_ready 1\n');
});
