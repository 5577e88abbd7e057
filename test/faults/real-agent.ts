/** An agent on this machine's own kernel, in a mount namespace of its own: tier tracepoint, a policy that nothing else matches, monitor. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export class RealAgent {
  readonly directory = mkdtempSync(join(tmpdir(), 'portcullis-faults-'));
  #process: ChildProcess | undefined;
  #output = '';

  /** `before`: lines of shell that change what the agent, and nobody else, sees of the system. */
  start(before: string, settings: Record<string, string> = {}): void {
    const policy = join(this.directory, 'test.policy');
    const marker = join(this.directory, 'marked');
    writeFileSync(
      policy,
      `version: 1.0.0\nrules:\n  - {id: marked, mode: monitor, expression: exec.file.path == "${marker}"}\n`,
    );
    const agent = `exec node bin/portcullis.js run --tier tracepoint --listen 0 --policies ${policy} --ready-file ${this.readyFile}`;
    this.#process = spawn('unshare', ['--mount', 'sh', '-ec', `${before}\n${agent}`], {
      env: { ...process.env, PORTCULLIS_CONTROL_SOCKET: 'off', ...settings },
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (bytes) => {
        this.#output += bytes;
      });
  }

  get readyFile(): string {
    return join(this.directory, 'ready');
  }

  get output(): string {
    return this.#output;
  }

  lines(msg: string): Record<string, unknown>[] {
    const lines = this.#output.split('\n').filter((line) => line.includes(`"msg":"${msg}"`));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Resolves when a policy is in force. Rejects with what it said when it ends before. */
  async ready(): Promise<Record<string, unknown>> {
    while (!existsSync(this.readyFile)) {
      if (this.#process!.exitCode !== null) throw new Error(`it ended: ${this.#output}`);
      await sleep(20);
    }
    return JSON.parse(readFileSync(this.readyFile, 'utf8')) as Record<string, unknown>;
  }

  /** Its exit status. */
  async ended(): Promise<number | null> {
    if (this.#process!.exitCode === null && this.#process!.signalCode === null) await once(this.#process!, 'close');
    return this.#process!.exitCode;
  }

  async end(): Promise<number | null> {
    if (this.#process === undefined) return null;
    this.#process.kill('SIGTERM');
    return this.ended();
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
