import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from '../../src/agent/agent.js';
import type { Config } from '../../src/agent/config.js';
import { workshop } from '../../src/agent/workshop.js';
import type { AgentWorld } from '../../src/agent/world.js';
import { peerCredentials } from '../../src/kernel/addon.js';
import { FileSink } from '../../src/telemetry/sink.js';
import { noProcesses } from '../rules/support.js';
import { FakeSession } from './fake-session.js';

/** An agent over a fake kernel, with its policies and its log in a directory of its own. */
export class Bench {
  readonly directory = mkdtempSync(join(tmpdir(), 'portcullis-agent-'));
  readonly session = new FakeSession();
  readonly policy = join(this.directory, 'test.policy');
  readonly logFile = join(this.directory, 'log');
  readonly config: Config = {
    policies: [this.directory],
    listen: { host: '127.0.0.1', port: 0 },
    journal: { directory: { at: 'nowhere' }, size: 1_048_576, sync: 'second' },
    control: { socket: { at: 'nowhere' } },
    log: { level: 'debug', destination: { to: 'file', path: this.logFile } },
    onUnknown: 'report',
    onUnseen: 'enforce',
    sweep: 'off',
    protected: { files: [], logins: [], defaults: false },
    breaker: { limit: 10 },
    canary: { cgroup: '' },
    state: { directory: { at: 'nowhere' } },
    pins: { directory: { at: 'nowhere' }, on_stop: 'release' },
    scrub: { patterns: [] },
  };
  readonly world: AgentWorld = {
    version: '1.0.0',
    pid: 77,
    openSession: async () => this.session,
    workshop,
    processes: noProcesses,
    cgroups: { own: () => undefined, open: () => undefined },
    bootTime: () => 10_000_000_000n,
    peerOf: peerCredentials,
    hostId: () => 'test-host',
  };
  #sink: FileSink | undefined;

  constructor() {
    this.writePolicy('xmrig');
  }

  /** A policy that denies programs of this name. */
  writePolicy(name: string): void {
    this.writeText(`version: 1.0.0
rules:
  - id: deny_${name}
    expression: exec.file.name == "${name}"
    mode: enforce
    actions: [{deny: {}}]
`);
  }

  writeText(text: string): void {
    writeFileSync(this.policy, text);
  }

  start(config: Partial<Config> = {}): Promise<Agent> {
    const complete = { ...this.config, ...config };
    this.#sink = new FileSink(complete.log.destination);
    return Agent.start(complete, this.world, this.#sink);
  }

  /** The log so far. */
  get entries(): Record<string, unknown>[] {
    const lines = readFileSync(this.logFile, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  get codes(): unknown[] {
    return this.entries.map(({ msg }) => msg);
  }

  /** Resolves when everything logged so far is in the file. */
  async logged(): Promise<void> {
    await this.#sink!.flushed();
  }

  dispose(): void {
    this.#sink?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
