// An agent under a storm, in a process of its own on a core of its own.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { run } from '../../scripts/lib/process.mjs';
import { readerProgram } from './objects.mjs';
import { profileByModule } from './profile.mjs';

const program = fileURLToPath(new URL('agent.mjs', import.meta.url));

/** The core of whoever reads; the producer has another, where there is one. */
const READER_CORE = '0';
const PRODUCER_CORE = cpus().length > 1 ? '1' : '0';

/** Records that are made at one time. */
const BURST = 2000;

/** Runs the producer, which is this process, on its own core, and lets it go where it likes afterwards. */
export async function onProducerCore(act) {
  const pin = (cores) => run(['taskset', '-apc', cores, String(process.pid)]);
  await pin(PRODUCER_CORE);
  try {
    return await act();
  } finally {
    await pin(`0-${cpus().length - 1}`);
  }
}

export class StormedAgent {
  /** After `stop`, where it was asked for: module and its share of the time. @type {[string, number][]} */
  profile = [];
  #storm;
  #child;
  #profiled;
  #directory = mkdtempSync(join(tmpdir(), 'portcullis-storm-'));

  static async start(storm, policy, { variables, profile = false }) {
    const agent = new StormedAgent(storm, policy, variables, profile);
    await agent.#next();
    return agent;
  }

  constructor(storm, policy, variables, profile) {
    this.#storm = storm;
    this.#profiled = profile;
    const flags = profile ? ['--cpu-prof', `--cpu-prof-dir=${this.#directory}`, '--cpu-prof-interval=200'] : [];
    this.#child = fork(program, [storm.pin, policy, this.log], {
      execPath: 'taskset',
      execArgv: ['-c', READER_CORE, process.execPath, ...flags],
      env: { ...process.env, ...variables },
    });
  }

  get log() {
    return join(this.#directory, 'log');
  }

  /** As dense as the agent takes it. Records a second, and microseconds of the agent's processor time for each. */
  async storm(seconds) {
    const before = await this.processor();
    const begin = performance.now();
    let made = 0;
    while (performance.now() - begin < seconds * 1000) {
      const burst = this.#storm.produce(BURST, 'stop');
      made += burst.made;
      if (burst.made < BURST) await sleep(2);
    }
    await this.caughtUp();
    const elapsed = (performance.now() - begin) / 1000;
    const processor = (await this.processor()) - before;
    // A log of gigabytes is not what is measured.
    truncateSync(this.log);
    return { rate: made / elapsed, processor: processor / made };
  }

  /** Everything that was made is in the log. */
  async caughtUp() {
    while (this.#storm.waiting > 0) await sleep(2);
  }

  /** Microseconds of processor time since its start, all threads. */
  async processor() {
    const { user, system } = await this.#ask('usage');
    return user + system;
  }

  async stop() {
    const ended = once(this.#child, 'exit');
    await this.#ask('stop');
    await ended;
    if (this.#profiled) this.profile = profileByModule(this.#directory);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #ask(question) {
    const answer = this.#next();
    this.#child.send(question);
    return answer;
  }

  /** What the child says next. */
  #next() {
    return new Promise((resolve, reject) => {
      const onExit = (status) => reject(new Error(`the agent ended with ${status}`));
      this.#child.once('exit', onExit);
      this.#child.once('message', (message) => {
        this.#child.off('exit', onExit);
        resolve(message);
      });
    });
  }
}

/** Nanoseconds of processor time that a C program takes to read a record. */
export async function readerTime(storm, records) {
  const reader = spawn('taskset', ['-c', READER_CORE, readerProgram, storm.pin, String(records)]);
  let output = '';
  reader.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const ended = once(reader, 'close');
  while (!output.includes('ready')) await sleep(10);
  for (let made = 0; made < records; ) {
    const burst = storm.produce(Math.min(BURST, records - made), 'stop');
    made += burst.made;
    if (burst.made < BURST) await sleep(1);
  }
  await ended;
  const [, result = ''] = output.split('\n');
  const [read, , nanoseconds] = result.split(' ').map(Number);
  return nanoseconds / read;
}
