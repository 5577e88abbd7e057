import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Health } from '../../src/telemetry/health.js';
import { limits } from '../../src/telemetry/limits.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { ListenError, TelemetryServer } from '../../src/telemetry/server.js';

let server: TelemetryServer;
let health: Health;
const metrics = new Metrics('1.0.0');

beforeEach(async () => {
  health = new Health({ stuckFor: 0, failure: undefined });
  server = await TelemetryServer.listen({ host: '127.0.0.1', port: 0 }, { metrics, health });
});
afterEach(() => server.close());

/** Sends raw bytes and resolves with everything that came back when the server closed, or `until` is seen. */
function raw(bytes: string, until?: RegExp): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (until?.test(answer)) socket.destroy();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The server may reset a connection whose rest it refuses to read.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
  });
}

function send(
  method: string,
  path: string,
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(server.url + path, { method, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    request.on('error', reject);
    request.end();
  });
}

describe('what is served', () => {
  test('metrics as text', async () => {
    const { status, headers, body } = await send('GET', '/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(body).toContain('portcullis_build_info{version="1.0.0"} 1');
  });

  test('readiness follows the agent', async () => {
    expect(await send('GET', '/readyz')).toMatchObject({ status: 503, body: '{"status":"starting"}\n' });
    health.enter('ready');
    expect(await send('GET', '/readyz?verbose')).toMatchObject({ status: 200 });
    expect(await send('GET', '/healthz')).toMatchObject({ status: 200, body: '{"status":"ok"}\n' });
  });

  test('HEAD has the headers and no body', async () => {
    const { status, headers, body } = await send('HEAD', '/metrics');
    expect([status, body]).toEqual([200, '']);
    expect(Number(headers['content-length'])).toBeGreaterThan(100);
  });
});

describe('what is refused', () => {
  test.each(['/', '/metrics/', '/metrics/../etc/passwd', '//metrics', '/METRICS', '/%6detrics'])('%s', async (path) => {
    expect((await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).slice(0, 12)).toBe(
      'HTTP/1.1 404',
    );
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH'])('%s', async (method) => {
    expect(await send(method, '/metrics')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  test('headers that are too large', async () => {
    const header = `X: ${'x'.repeat(limits.headerBytes.value)}\r\n`;
    expect((await raw(`GET /metrics HTTP/1.1\r\nHost: x\r\n${header}\r\n`)).slice(0, 12)).toBe('HTTP/1.1 431');
  });

  test('what is no HTTP', async () => {
    expect((await raw('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n')).slice(0, 12)).toBe('HTTP/1.1 400');
  });

  test('two lengths for one body', async () => {
    const bytes =
      'GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    expect((await raw(bytes)).slice(0, 12)).toBe('HTTP/1.1 400');
  });

  test('a body is not read: the connection ends with the answer', async () => {
    const answer = await raw('POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nxxxx');
    expect(answer.slice(0, 12)).toBe('HTTP/1.1 405');
    expect(answer).toMatch(/^connection: close$/im);
  });

  test('CONNECT and upgrades', async () => {
    expect(await raw('CONNECT example.com:80 HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('');
    const upgrade = 'GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    expect((await raw(upgrade, /\r\n\r\n/)).slice(0, 12)).toBe('HTTP/1.1 404');
  });
});

test('a client that never ends its headers is cut off', async () => {
  const begin = performance.now();
  const answer = await raw('GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  expect(answer === '' || answer.startsWith('HTTP/1.1 408')).toBe(true);
  expect(performance.now() - begin).toBeLessThan(limits.requestTime.value + 5_000);
}, 20_000);

test('a metric that fails is a 500 and not the end', async () => {
  const broken = await TelemetryServer.listen(
    { host: '127.0.0.1', port: 0 },
    { metrics: { contentType: 'text/plain', text: () => Promise.reject(new Error('gone')) }, health },
  );
  const good = server;
  server = broken;
  expect(await send('GET', '/metrics')).toMatchObject({ status: 500 });
  expect(await send('GET', '/healthz')).toMatchObject({ status: 200 });
  await broken.close();
  server = good;
});

test('a port that is taken is an error with advice', async () => {
  const { port } = new URL(server.url);
  const again = TelemetryServer.listen({ host: '127.0.0.1', port: Number(port) }, { metrics, health });
  await expect(again).rejects.toThrow(ListenError);
  await expect(again).rejects.toThrow(/another agent/);
});

test('a scrape that is asked for a hundred times in one packet is made a few times', async () => {
  let made = 0;
  const metrics = {
    contentType: 'text/plain',
    text: async () => {
      made++;
      return 'x'.repeat(50_000);
    },
  };
  const flooded = await TelemetryServer.listen(
    { host: '127.0.0.1', port: 0 },
    { metrics, health: new Health({ stuckFor: 0, failure: undefined }) },
  );
  const socket = connect(Number(new URL(flooded.url).port), '127.0.0.1');
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
  });
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100));
  await expect.poll(() => received).toBeGreaterThan(100 * 50_000);
  expect(made).toBeLessThan(20);
  socket.destroy();
  await flooded.close();
});

test('a thousand connections: those past the limit are closed, and then others are served', async () => {
  const { hostname, port } = new URL(server.url);
  let closed = 0;
  const sockets = Array.from({ length: 1_000 }, () => {
    const socket = connect({ host: hostname, port: Number(port) });
    return socket.on('error', () => {}).on('close', () => closed++);
  });
  await expect.poll(() => closed, { timeout: 20_000 }).toBe(1_000 - limits.connections.value);
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => closed).toBe(1_000);
  await expect.poll(async () => (await fetch(`${server.url}/healthz`).catch(() => undefined))?.status).toBe(200);
});
