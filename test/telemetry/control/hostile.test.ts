import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '../../../src/telemetry/control/limits.js';
import { ControlBench } from './support.js';

let bench: ControlBench;
beforeEach(async () => {
  bench = new ControlBench();
  await bench.listen();
});
afterEach(async () => {
  vi.useRealTimers();
  // Whatever was tried: the next one who asks is answered.
  expect(await bench.ask({ verb: 'status' })).toMatchObject({ answer: 'result' });
  await bench.dispose();
});

test('a request without an end is cut off when it is too large', async () => {
  const client = bench.client();
  client.send('x'.repeat(limits.requestBytes.value + 1));
  expect(await client.answer()).toMatchObject({ answer: 'error', code: 'request-too-large' });
  await client.closed;
});

test('a megabyte of anything is not kept', async () => {
  const client = bench.client();
  client.send(Buffer.alloc(1_048_576, 0x7b));
  await client.closed;
});

test('binary is an error, and no more than that', async () => {
  const client = bench.client();
  client.send(Buffer.from([0, 255, 254, 128, 10]));
  expect(await client.answer()).toMatchObject({ answer: 'error', code: 'request-json' });
  client.send('{"verb":"status"}\n');
  expect(await client.answer()).toMatchObject({ answer: 'result' });
});

test('more requests at once than anybody waits for end the connection', async () => {
  const client = bench.client();
  client.send('\n'.repeat(limits.pipelinedRequests.value + 1));
  expect(await client.answer()).toMatchObject({ code: 'too-many-requests' });
  await client.closed;
});

test('a follower that goes on asking is cut off', async () => {
  const client = bench.client();
  client.send('{"verb":"follow"}\n');
  await expect.poll(() => bench.target.followers.size).toBe(1);
  client.send('\n'.repeat(limits.pipelinedRequests.value + 1));
  await client.closed;
  await expect.poll(() => bench.target.followers.size).toBe(0);
});

test('a request that trickles in is not waited for', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const client = bench.client();
  await new Promise((resolve) => client.socket.once('connect', resolve));
  client.send('{"verb":');
  // The server sees the connection when it answers another one that came after it.
  await bench.ask({ verb: 'status' });
  await vi.advanceTimersByTimeAsync(limits.requestTime.value - 1);
  client.send('"status"');
  await bench.ask({ verb: 'status' });
  expect(client.socket.destroyed).toBe(false);
  await vi.advanceTimersByTimeAsync(2);
  await client.closed;
});

test('a follower that takes nothing is told later what it has missed', async () => {
  const client = bench.client();
  client.send('{"verb":"follow"}\n');
  await expect.poll(() => bench.target.followers.size).toBe(1);
  client.socket.pause();
  const event = JSON.stringify({ filling: 'x'.repeat(65_536) });
  const tell = (line: string) => {
    for (const follower of bench.target.followers) follower(line);
  };
  const sent = 100;
  for (let count = 0; count < sent; count++) tell(event);
  // What it does not take is not kept: only the pending bytes are.
  client.socket.resume();
  let items = 0;
  let lost = 0;
  while (lost === 0) {
    const answer = await Promise.race([client.answer(), again(() => tell('{"n":1}'))]);
    if (answer?.answer === 'item' && (answer.item as { filling?: string }).filling !== undefined) items++;
    if (answer?.answer === 'lost') lost = Number(answer.count);
  }
  expect(items + lost).toBeGreaterThanOrEqual(sent);
  expect(items).toBeLessThan(sent);
});

/** Never resolves; calls until the test is over. */
function again(call: () => void): Promise<undefined> {
  return new Promise(() => setImmediate(call));
}

test('a thousand connections: those past the limit are closed', async () => {
  const clients = Array.from({ length: 1_000 }, () => bench.client());
  let closed = 0;
  for (const { closed: end } of clients) void end.then(() => closed++);
  await expect.poll(() => closed, { timeout: 20_000 }).toBe(1_000 - limits.connections.value);
  for (const { socket } of clients) socket.destroy();
  await expect.poll(() => closed).toBe(1_000);
});

test.skipIf(process.getuid!() !== 0)('another user is turned away, though the file lets it in', async () => {
  chmodSync(bench.directory, 0o755);
  chmodSync(bench.path, 0o666);
  const script = `
    const socket = require('net').connect(${JSON.stringify(bench.path)}, () => socket.write('{"verb":"off"}\\n'));
    socket.on('data', (text) => process.stdout.write(text)).on('close', () => process.exit(0));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
    uid: 65_534,
    gid: 65_534,
    cwd: '/',
  });
  expect(JSON.parse(stdout)).toMatchObject({ answer: 'error', code: 'not-permitted' });
  expect(bench.target.calls).toEqual([]);
  expect(bench.refused).toMatchObject([{ uid: 65_534, gid: 65_534 }]);
});

test.skipIf(process.getuid!() !== 0)('another user cannot even open the file', async () => {
  chmodSync(bench.directory, 0o755);
  const script = `require('net').connect(${JSON.stringify(bench.path)}).on('error', ({ code }) => console.log(code))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
    uid: 65_534,
    gid: 65_534,
    cwd: '/',
  });
  expect(stdout).toBe('EACCES\n');
});
