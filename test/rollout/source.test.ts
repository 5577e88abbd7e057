import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { HttpSource } from '../../src/rollout/follower/source.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function source(options: Partial<ConstructorParameters<typeof HttpSource>[0]> & { url: string }): HttpSource {
  const made = new HttpSource({ userAgent: 'portcullis/1', headersTime: 5_000, requestTime: 5_000, ...options });
  closing.push(() => void made.close());
  return made;
}

const answer: RequestListener = (request, response) =>
  response.end(`${request.url} for ${request.headers['user-agent']}`);
const get = async (from: HttpSource) => {
  const answer = await from.get('metadata/timestamp.json', { limit: 1_000 });
  return answer.outcome === 'file' ? answer.bytes.toString() : answer.outcome;
};

/** A certificate for 127.0.0.1 that nobody else has signed. */
function certificate(): { key: string; cert: string } | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'rollout-tls-'));
  closing.push(() => rmSync(directory, { recursive: true, force: true }));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const { status } = spawnSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=test',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-keyout',
      key,
      '-out',
      cert,
    ],
    { stdio: 'ignore' },
  );
  return status === 0 ? { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } : undefined;
}

test('asks below its URL, as itself, and accepts no compression', async () => {
  let asked: IncomingMessage | undefined;
  const port = await listen(
    createServer((request, response) => {
      asked = request;
      answer(request, response);
    }),
  );
  expect(await get(source({ url: `http://127.0.0.1:${port}/a/b/` }))).toBe(
    '/a/b/metadata/timestamp.json for portcullis/1',
  );
  expect(asked?.headers['accept-encoding']).toBeUndefined();
});

test('goes through a proxy, for http by asking it', async () => {
  const asked: string[] = [];
  const proxy = await listen(
    createServer((request, response) => {
      asked.push(request.url!);
      answer(request, response);
    }),
  );
  const from = source({ url: 'http://repository.invalid/x', proxy: `http://127.0.0.1:${proxy}` });
  expect(await get(from)).toContain('for portcullis/1');
  expect(asked).toEqual(['http://repository.invalid/x/metadata/timestamp.json']);
});

test('trusts the authorities it is given and no others, also through a proxy', async (context) => {
  const tls = certificate();
  if (tls === undefined) return context.skip('openssl is not there to make a certificate');
  const port = await listen(createTlsServer(tls, answer) as unknown as Server);
  const url = `https://127.0.0.1:${port}/x`;
  await expect(get(source({ url }))).rejects.toMatchObject({ code: 'unreachable' });
  expect(await get(source({ url, ca: tls.cert }))).toContain('/x/metadata/timestamp.json');

  const tunnels: string[] = [];
  const proxyServer = createServer();
  proxyServer.on('connect', (request, client, head) => {
    tunnels.push(request.url!);
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  const proxy = `http://127.0.0.1:${await listen(proxyServer)}`;
  expect(await get(source({ url, ca: tls.cert, proxy }))).toContain('/x/metadata/timestamp.json');
  expect(tunnels).toEqual([`127.0.0.1:${port}`]);
  await expect(get(source({ url, proxy }))).rejects.toMatchObject({ code: 'unreachable' });
});

test('says which status it got, and how long it shall wait', async () => {
  const port = await listen(createServer((_, response) => response.writeHead(429, { 'retry-after': '7' }).end()));
  await expect(get(source({ url: `http://127.0.0.1:${port}` }))).rejects.toMatchObject({
    code: 'http-status',
    status: 429,
    retryAfter: 7_000,
  });
});

test('ends when it is told to', async () => {
  const port = await listen(createServer(() => {}));
  const stop = new AbortController();
  const asked = source({ url: `http://127.0.0.1:${port}` }).get('x', { limit: 10, signal: stop.signal });
  stop.abort();
  await expect(asked).rejects.toMatchObject({ code: 'unreachable' });
});
