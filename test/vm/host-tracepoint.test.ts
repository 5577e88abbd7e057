// Tier tracepoint on this machine's own kernel, where it takes such programs. The policy names one file in a temporary directory
// under one argument, both with random names: no other program, and no shell whose command line quotes them, can match.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const startTime = 30_000;

/** The agent's process and what it has said so far. */
class RunningAgent {
  readonly #process: ChildProcess;
  readonly ended: Promise<number | null>;
  output = '';

  constructor(options: readonly string[]) {
    this.#process = spawn(process.execPath, [join(root, 'bin/portcullis.js'), 'run', ...options]);
    this.#process.stdout?.on('data', (chunk) => {
      this.output += chunk;
    });
    this.ended = new Promise((resolve) => this.#process.on('close', resolve));
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  end(): Promise<number | null> {
    if (this.running) this.#process.kill('SIGTERM');
    return this.ended;
  }

  lines(msg: string): Record<string, unknown>[] {
    return this.output
      .split('\n')
      .filter((line) => line.includes(`"msg":"${msg}"`))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

async function until(what: () => boolean, milliseconds: number): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!what() && Date.now() < deadline) await sleep(20);
}

describe('tier tracepoint on this machine', () => {
  const marker = `--portcullis-test-marker-${randomBytes(8).toString('hex')}`;
  let directory: string;
  let program: string;
  let agent: RunningAgent | undefined;

  const tryProgram = (...argv: string[]) => {
    const { status, signal, stdout } = spawnSync(program, argv, { encoding: 'utf8' });
    return { status, signal, stdout };
  };
  const ran = { status: 0, signal: null, stdout: 'a harmless stand-in ran\n' };
  const killed = { status: null, signal: 'SIGKILL', stdout: '' };

  beforeAll(async () => {
    directory = await realpath(await mkdtemp(join(tmpdir(), 'portcullis-host-')));
    program = join(directory, `stand-in-${randomBytes(8).toString('hex')}`);
    await copyFile(join(root, 'build/programs/stand-in'), program);
  });

  afterAll(async () => {
    await agent?.end();
    await rm(directory, { recursive: true, force: true });
  });

  it('kills the one program before its first instruction, and nothing else', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root may load BPF programs');
    expect(tryProgram(marker)).toEqual(ran);

    const policy = join(directory, 'test.policy');
    const ready = join(directory, 'ready');
    await writeFile(
      policy,
      `version: 1.0.0
mode: enforce
rules:
  - id: marked
    expression: 'exec.file.path == "${program}" && exec.argv in ["${marker}"]'
    actions:
      - deny: {}
`,
    );
    const options = ['--tier', 'tracepoint', '--policies', policy, '--listen', '127.0.0.1:0', '--ready-file', ready];
    const started = new RunningAgent(options);
    agent = started;
    await until(() => existsSync(ready) || !started.running, startTime);
    const [refusal] = started.lines('cannot-start');
    if (/EPERM|not permitted/.test(String(refusal?.text)))
      context.skip(`this kernel does not take it: ${String(refusal?.text)}`);
    expect(refusal).toBeUndefined();
    expect(JSON.parse(await readFile(ready, 'utf8'))).toMatchObject({ status: 'ready', tier: 'tracepoint', rules: 1 });

    expect(tryProgram(marker)).toEqual(killed);
    expect(tryProgram(`${marker}-not`)).toEqual(ran);
    expect(tryProgram()).toEqual(ran);
    expect(spawnSync('sh', ['-c', 'echo "$1"', 'sh', marker], { encoding: 'utf8' }).stdout).toBe(`${marker}\n`);

    await until(() => started.lines('event').length > 0, startTime);
    expect(await started.end()).toBe(0);
    const [event, ...others] = started.lines('event');
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      agent: { rule_id: 'marked', rule_actions: [{ type: 'deny', status: 'performed', signal: 'SIGKILL' }] },
      file: { path: program },
      process: { args: [marker] },
      portcullis: { verdict: 'kill', tier: 'tracepoint', stage: 'kill' },
    });
    expect(started.lines('stopped')[0]).toMatchObject({ level: 'info' });
    expect(tryProgram(marker)).toEqual(ran);
  });
});
