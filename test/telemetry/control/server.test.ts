import { spawn } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ControlError } from '../../../src/telemetry/control/protocol.js';
import { ControlBench, processes, status } from './support.js';

let bench: ControlBench;
beforeEach(() => {
  bench = new ControlBench();
});
afterEach(() => bench.dispose());

describe('requests', () => {
  beforeEach(async () => void (await bench.listen()));

  test('one has one answer', async () => {
    expect(await bench.ask({ verb: 'status' })).toEqual({ answer: 'result', result: status });
  });

  test('several on one connection are answered in order', async () => {
    const client = bench.client();
    client.send('{"verb":"reload"}\n{"verb":"top"}\n{"verb":"metrics"}\n');
    expect(await client.answer()).toEqual({ answer: 'result', result: 'done' });
    expect(await client.answer()).toMatchObject({ result: { execs: 120 } });
    expect(await client.answer()).toEqual({ answer: 'result', result: 'portcullis_ready 1\n' });
  });

  test('many items come one a line, and an end', async () => {
    const client = bench.client();
    client.send('{"verb":"processes"}\n');
    for (const item of processes) expect(await client.answer()).toEqual({ answer: 'item', item });
    expect(await client.answer()).toEqual({ answer: 'end' });
  });

  test('the agent is told who asks', async () => {
    await bench.ask({ verb: 'off' });
    expect(bench.target.peers).toEqual([
      { pid: process.pid, uid: process.getuid!(), gid: process.getgid!(), comm: 'test' },
    ]);
  });

  test('what the agent refuses is told with its code, and the connection goes on', async () => {
    bench.target.failure = new ControlError('no-such-rule', 'There is no rule x in force.');
    const client = bench.client();
    client.send('{"verb":"rule","rule":"x","mode":"monitor"}\n');
    expect(await client.answer()).toEqual({
      answer: 'error',
      code: 'no-such-rule',
      message: 'There is no rule x in force.',
    });
    bench.target.failure = undefined;
    client.send('{"verb":"status"}\n');
    expect(await client.answer()).toMatchObject({ answer: 'result' });
  });

  test('events of the past, with the filter that was asked for', async () => {
    bench.target.past = ['{"n":1}', '{"n":2}'];
    const client = bench.client();
    client.send('{"verb":"events","rule":"a"}\n');
    expect(await client.answer()).toEqual({ answer: 'item', item: { n: 1 } });
    expect(await client.answer()).toEqual({ answer: 'item', item: { n: 2 } });
    expect(await client.answer()).toEqual({ answer: 'end' });
    expect(bench.target.calls).toEqual(['events {"rule":"a"}']);
  });

  test('a follower gets the past, then what is new, and is forgotten when it leaves', async () => {
    bench.target.past = ['{"n":1}'];
    const client = bench.client();
    client.send('{"verb":"follow"}\n');
    expect(await client.answer()).toEqual({ answer: 'item', item: { n: 1 } });
    await expect.poll(() => bench.target.followers.size).toBe(1);
    for (const follower of bench.target.followers) follower('{"n":2}');
    expect(await client.answer()).toEqual({ answer: 'item', item: { n: 2 } });
    client.socket.destroy();
    await expect.poll(() => bench.target.followers.size).toBe(0);
  });

  test('what happens while the past is told comes after it, and not twice', async () => {
    bench.target.events = async function* () {
      yield '{"n":1}';
      for (const follower of bench.target.followers) {
        follower('{"n":1}');
        follower('{"n":2}');
      }
    };
    const client = bench.client();
    client.send('{"verb":"follow"}\n');
    expect(await client.answer()).toMatchObject({ item: { n: 1 } });
    expect(await client.answer()).toMatchObject({ item: { n: 2 } });
  });
});

describe('the socket', () => {
  test('is for its owner alone, and goes away with the server', async () => {
    const server = await bench.listen();
    expect(statSync(bench.path).mode & 0o777).toBe(0o600);
    await server.close();
    expect(existsSync(bench.path)).toBe(false);
  });

  test('that a dead agent has left is replaced', async () => {
    const script = `require('net').createServer().listen(${JSON.stringify(bench.path)}, () => console.log('up'))`;
    const dead = spawn(process.execPath, ['-e', script]);
    await new Promise((resolve) => dead.stdout.once('data', resolve));
    const ended = new Promise((resolve) => dead.once('exit', resolve));
    dead.kill('SIGKILL');
    await ended;
    expect(existsSync(bench.path)).toBe(true);
    await bench.listen();
    expect(await bench.ask({ verb: 'status' })).toMatchObject({ answer: 'result' });
  });

  test('of a living agent is left to it', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(bench.path, resolve));
    await expect(bench.listen()).rejects.toMatchObject({ code: 'control-in-use' });
    other.close();
  });

  test('does not replace a file', async () => {
    writeFileSync(bench.path, 'precious');
    await expect(bench.listen()).rejects.toMatchObject({ code: 'control-unavailable' });
    expect(statSync(bench.path).size).toBe(8);
  });
});
