import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { peerCredentials } from '../../../src/kernel/addon.js';
import type { EventFilter } from '../../../src/telemetry/control/protocol.js';
import type {
  ProcessReport,
  RuleReport,
  SelfProtectionReport,
  StatusReport,
  TopReport,
} from '../../../src/telemetry/control/reports.js';
import { ControlServer } from '../../../src/telemetry/control/server.js';
import type { ControlTarget, Peer } from '../../../src/telemetry/control/target.js';

export const rule: RuleReport = {
  id: 'miner',
  policy: 'miners.policy',
  event: 'exec',
  mode: 'enforce',
  policyMode: 'enforce',
  place: 'kernel-before-exec',
  why: 'the kernel knows all of it',
  matches: 3,
};

export const status: StatusReport = {
  version: '1.0.0',
  pid: 77,
  url: 'http://127.0.0.1:9477',
  phase: 'ready',
  startedAt: '2026-01-01T00:00:00.000Z',
  uptimeSeconds: 3_700,
  enforcement: { is: 'on' },
  tier: { name: 'lsm', cannot: [], refused: [] },
  image: { hash: 'ab'.repeat(32), generation: 4, bytes: 4096, activatedAt: '2026-01-01T00:00:00.000Z' },
  rules: [rule, { ...rule, id: 'watched', mode: 'monitor', policyMode: 'enforce', matches: 0 }],
  policyErrors: 0,
  execs: 120,
  verdicts: { refuse: 2, kill: 1, report: 0, unknown: 0, unseen: 0, protected: 0, would: 0 },
  lost: { verdicts: 0, reports: 0, malformed: 0 },
  lag: { ringBytes: 128, ringSizeBytes: 4096, records: 0, logBytes: 0, journalBytes: 0 },
  memory: { residentBytes: 80 * 1024 * 1024, kernelBytes: 4 * 1024 * 1024 },
};

export const top: TopReport = {
  now: 1_000,
  execs: 120,
  verdicts: status.verdicts,
  lost: 0,
  rules: [{ id: 'miner', mode: 'enforce', matches: 3 }],
  programs: [{ name: 'refuse', runs: 10, nanoseconds: 25_000 }],
  slowest: [{ rule: 'miner', program: '/tmp/xmrig', milliseconds: 12 }],
};

export const processes: ProcessReport[] = [
  { pid: 1, ppid: 0, uid: 0, comm: 'init', path: '/sbin/init', source: 'proc', rules: [] },
  {
    pid: 20,
    ppid: 1,
    uid: 1000,
    comm: 'worker',
    path: '/tmp/worker',
    source: 'record',
    rules: [{ id: 'miner', mode: 'enforce', truth: 'holds' }],
  },
];

/** An agent for tests: answers what it is told to and writes down what it was asked. */
export class FakeTarget implements ControlTarget {
  readonly calls: string[] = [];
  readonly peers: Peer[] = [];
  past: string[] = [];
  failure: Error | undefined;
  readonly followers = new Set<(line: string) => void>();

  status(): StatusReport {
    this.#call('status');
    return status;
  }

  top(): TopReport {
    return top;
  }

  async metrics(): Promise<string> {
    return 'portcullis_ready 1\n';
  }

  async *processes(): AsyncGenerator<ProcessReport> {
    yield* processes;
  }

  async *events(filter: EventFilter): AsyncGenerator<string> {
    this.#call(`events ${JSON.stringify(filter)}`);
    yield* this.past;
  }

  follow(_: EventFilter, onEvent: (line: string) => void): () => void {
    this.followers.add(onEvent);
    return () => this.followers.delete(onEvent);
  }

  async off(by: Peer): Promise<void> {
    this.peers.push(by);
    this.#call('off');
  }

  async on(by: Peer): Promise<void> {
    this.peers.push(by);
    this.#call('on');
  }

  async setMode(id: string, mode: 'monitor' | 'enforce' | 'policy', by: Peer): Promise<RuleReport> {
    this.peers.push(by);
    this.#call(`rule ${id} ${mode}`);
    return { ...rule, id, mode: mode === 'policy' ? 'enforce' : mode };
  }

  unlock(seconds: number, by: Peer): SelfProtectionReport {
    this.peers.push(by);
    this.#call(`unlock ${seconds}`);
    return seconds === 0 ? { is: 'on', attempts: 0 } : { is: 'unlocked', attempts: 0, seconds };
  }

  async reload(by: Peer): Promise<'done'> {
    this.peers.push(by);
    this.#call('reload');
    return 'done';
  }

  #call(line: string): void {
    this.calls.push(line);
    if (this.failure !== undefined) throw this.failure;
  }
}

/** A control socket in a directory of its own. */
export class ControlBench {
  readonly directory = mkdtempSync(join(tmpdir(), 'portcullis-control-'));
  readonly path = join(this.directory, 'control.sock');
  readonly target = new FakeTarget();
  readonly refused: Peer[] = [];
  readonly #clients = new Set<Client>();
  #server: ControlServer | undefined;

  async listen(): Promise<ControlServer> {
    this.#server = await ControlServer.listen({
      path: this.path,
      target: this.target,
      peerOf: peerCredentials,
      commOf: () => 'test',
      ownUid: process.getuid!(),
      onRefused: (peer) => this.refused.push(peer),
    });
    return this.#server;
  }

  client(): Client {
    const client = new Client(this.path);
    this.#clients.add(client);
    return client;
  }

  /** One request on a connection of its own, and the first answer. */
  async ask(request: unknown): Promise<Record<string, unknown>> {
    const client = this.client();
    client.send(`${JSON.stringify(request)}\n`);
    const answer = await client.answer();
    client.socket.destroy();
    return answer!;
  }

  /** The agent ends. */
  async close(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  async dispose(): Promise<void> {
    for (const { socket } of this.#clients) socket.destroy();
    await this.#server?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export class Client {
  readonly socket: Socket;
  /** Resolves when the other end has closed the connection, or there was none. */
  readonly closed: Promise<void>;
  readonly #answers: AsyncIterator<string>;

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
    this.#answers = createInterface({ input: this.socket })[Symbol.asyncIterator]();
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next line; undefined when the connection has ended. */
  async answer(): Promise<Record<string, unknown> | undefined> {
    const next = await this.#answers.next();
    return next.done === true ? undefined : (JSON.parse(next.value) as Record<string, unknown>);
  }
}
