/**
 * Hostile clients of the control socket and of the HTTP endpoints: halves of requests, bytes, floods, sockets that are dropped or
 * never read. Meanwhile somebody asks properly, and must be answered.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ControlServer } from '../../src/telemetry/control/server.js';
import { Health } from '../../src/telemetry/health.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { TelemetryServer } from '../../src/telemetry/server.js';
import { Random } from '../property/random.js';
import { Client, FakeTarget } from '../telemetry/control/support.js';
import { mutate } from './mutate.js';
import { requests } from './targets/control.js';

export interface SocketRun {
  /** Hostile connections. */
  readonly connections: number;
  /** Proper requests that were answered. */
  readonly answered: number;
  readonly problems: readonly string[];
}

/**
 * Milliseconds that a proper request may wait while the others rage. What counts is the processor time of this process, in which all of them
 * run: a busy machine hands it out slowly. Where nothing runs any more it does not grow; then it is the time on the clock.
 */
const patience = { processor: 10_000, clock: 180_000 };
/** Hostile connections at one time: some stay a while, so there are more. */
const atOnce = 16;

const httpRequests: readonly string[] = [
  'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /healthz HTTP/1.0\r\n\r\n',
  'HEAD /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  'POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n',
  'GET /metrics HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
];

export interface SocketFuzz {
  readonly seed: number;
  /** Seconds, or so many hostile connections and proper answers, however long a busy machine takes over them. */
  readonly until: { readonly seconds: number } | { readonly connections: number; readonly answers: number };
}

/** Rages for so long, with the choices of the seed. */
export async function fuzzSockets({ until, seed }: SocketFuzz): Promise<SocketRun> {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-fuzz-'));
  const path = join(directory, 'control.sock');
  const health = new Health({ stuckFor: 0, failure: undefined });
  const metrics = new Metrics('1');
  const http = await TelemetryServer.listen({ host: '127.0.0.1', port: 0 }, { metrics, health });
  const control = await ControlServer.listen({
    path,
    target: new FakeTarget(),
    peerOf: () => ({ pid: process.pid, uid: 0, gid: 0 }),
    commOf: () => undefined,
    ownUid: 0,
    onRefused: () => {},
  });
  const problems: string[] = [];
  const onCrash = (error: Error) => problems.push(`an error that nobody caught: ${error.stack}`);
  process.on('uncaughtException', onCrash);
  const random = new Random(seed);
  const start = Date.now();
  let connections = 0;
  let answered = 0;
  const goesOn = () => {
    if (problems.length > 0) return false;
    if ('seconds' in until) return Date.now() - start < until.seconds * 1_000;
    return connections < until.connections || answered < until.answers;
  };
  const rage = async () => {
    while (goesOn()) {
      connections++;
      if (random.chance(0.5)) await hostile(() => connect(path), random, requests, '\n');
      else await hostile(() => connect(Number(new URL(http.url).port), '127.0.0.1'), random, httpRequests, '');
    }
  };
  const ask = async () => {
    while (goesOn()) {
      for (const [name, asked] of [
        ['the control socket', () => properRequest(path)],
        ['/healthz', () => properGet(`${http.url}/healthz`)],
      ] as const) {
        if (await withPatience(asked)) answered++;
        else problems.push(`${name} answers nobody any more`);
      }
      await wait(50);
    }
  };
  try {
    await Promise.all([ask(), ...Array.from({ length: atOnce }, rage)]);
  } finally {
    await Promise.all([http.close(), control.close()]);
    process.off('uncaughtException', onCrash);
    rmSync(directory, { recursive: true, force: true });
  }
  return { connections, answered, problems };
}

/** One client that does not mean well. Resolves when it is done with it. */
async function hostile(open: () => Socket, random: Random, texts: readonly string[], end: string): Promise<void> {
  const socket = open();
  socket.on('error', () => {});
  if (random.chance(0.8)) socket.resume();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  for (let part = random.between(0, 4); part > 0 && !socket.destroyed; part--) {
    socket.write(hostileBytes(random, texts, end));
    if (random.chance(0.3)) await wait(random.below(5));
  }
  if (random.chance(0.3)) socket.end();
  await Promise.race([closed, wait(random.below(20))]);
  // With bytes that were not read this is a reset. Node's own call for one leaves a handle that keeps the process alive.
  socket.destroy();
}

function hostileBytes(random: Random, texts: readonly string[], end: string): Buffer {
  const text = random.pick(texts);
  return random.weighted<() => Buffer>([
    [4, () => Buffer.from(mutate(random, text, texts) + end)],
    [2, () => Buffer.from(text + end)],
    [2, () => Buffer.from(text.slice(0, random.below(text.length)))],
    [2, () => Buffer.from(random.list(random.below(200), () => random.below(256)))],
    [1, () => Buffer.from((text + end).repeat(random.between(2, 200)))],
    [1, () => Buffer.alloc(random.below(100_000), random.below(256))],
  ])();
}

async function withPatience(act: () => Promise<boolean>): Promise<boolean> {
  const began = Date.now();
  const usage = process.cpuUsage();
  const isOver = () => {
    const { user, system } = process.cpuUsage(usage);
    return user + system > patience.processor * 1_000 || Date.now() - began > patience.clock;
  };
  // Every place may be taken by those who rage; one that is turned away and asks again gets one.
  while (!isOver()) {
    const answer = act().catch(() => false);
    let waits: boolean | undefined;
    do {
      waits = await Promise.race([answer, wait(1_000, undefined, { ref: false })]);
    } while (waits === undefined && !isOver());
    if (waits === true) return true;
    await wait(10);
  }
  return false;
}

async function properRequest(path: string): Promise<boolean> {
  const client = new Client(path);
  client.send('{"verb":"status"}\n');
  const answer = await client.answer();
  client.socket.destroy();
  return answer?.answer === 'result';
}

async function properGet(url: string): Promise<boolean> {
  const response = await fetch(url);
  await response.text();
  return response.status === 200;
}
