// What an agent costs that has nothing to do: processor time, wake-ups and memory over ten minutes.
//
// The agent is the real one with the shipped policy in monitor, as the unit of the Debian package runs it, under the tier
// `tracepoint`, which every kernel allows. The machine's other programs go on: each of their execs is decided in the kernel, and the
// agent is not woken for it. How many there were is in the table.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../scripts/lib/paths.mjs';

export const name = 'idle';

/** Seconds: how long it is left alone before, and for how long it is looked at. */
const TIMES = { quick: { settle: 10, look: 20 }, full: { settle: 60, look: 600 } };

/** Clock ticks of /proc a second, on every Linux with which Node runs. */
const TICKS = 100;

/** @param {import('./lib/section.mjs').RunOptions} options @returns {Promise<import('./lib/section.mjs').SectionResult>} */
export async function run({ effort }) {
  const { settle, look } = TIMES[effort];
  const agent = await Agent.start();
  try {
    await sleep(settle * 1000);
    const { url } = agent.status;
    const execs = await execsAt(url);
    // The scrape itself is work: it is over when the clock starts.
    await sleep(2000);
    const before = agent.sample();
    const sizes = [before.resident];
    for (let second = 0; second < look; second += 10) {
      await sleep(10_000);
      sizes.push(agent.sample().resident);
    }
    const after = agent.sample();
    const seconds = (after.at - before.at) / 1000;
    const share = (100 * (after.processor - before.processor)) / TICKS / seconds;
    const megabytes = Math.max(...sizes) / 1e6;
    return {
      tables: [
        {
          title: 'An agent that is left alone, from its second minute on, with the shipped policy in monitor',
          columns: ['seconds', '% of one core', 'wake-ups a second', 'MB resident, highest', 'execs meanwhile'],
          rows: [
            [
              Math.round(seconds),
              share,
              (after.switches - before.switches) / seconds,
              megabytes,
              (await execsAt(url)) - execs,
            ],
          ],
        },
      ],
      targets: [
        { what: 'processor of an idle agent', bound: { atMost: 0.2 }, unit: '% of one core', measured: share },
        { what: 'memory of an idle agent', bound: { atMost: 110 }, unit: 'MB resident', measured: megabytes },
      ],
    };
  } finally {
    await agent.stop();
  }
}

class Agent {
  /** What it says of itself when a policy is in force. @type {{url: string}} */
  status;
  #directory;
  #process;

  static async start() {
    const agent = new Agent();
    const ready = join(agent.#directory, 'ready');
    while (!existsSync(ready)) {
      if (agent.#process.exitCode !== null)
        throw new Error(
          `the agent did not start; it needs root\n${readFileSync(join(agent.#directory, 'log'), 'utf8')}`,
        );
      await sleep(100);
    }
    agent.status = JSON.parse(readFileSync(ready, 'utf8'));
    return agent;
  }

  constructor() {
    this.#directory = mkdtempSync(join(tmpdir(), 'portcullis-idle-'));
    const place = (file) => join(this.#directory, file);
    const config = {
      policies: [join(root, 'policies', 'cryptominer.policy')],
      listen: '127.0.0.1:0',
      tier: 'tracepoint',
      journal: { directory: place('journal') },
      control: { socket: place('control.sock') },
      log: { destination: place('log') },
    };
    writeFileSync(place('log'), '');
    writeFileSync(place('portcullis.yaml'), JSON.stringify(config));
    const launcher = join(root, 'bin', 'portcullis.js');
    const words = [launcher, 'run', '--config', place('portcullis.yaml'), '--ready-file', place('ready')];
    const env = { ...process.env, ...unitEnvironment() };
    this.#process = spawn(process.execPath, words, { env, stdio: 'ignore' });
  }

  /** Milliseconds now, ticks of processor time, bytes resident, voluntary switches of all threads. */
  sample() {
    const proc = `/proc/${this.#process.pid}`;
    const [, rest] = readFileSync(`${proc}/stat`, 'utf8').split(') ');
    const fields = rest.split(' ');
    const resident = 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`${proc}/status`, 'utf8'))[1]);
    const switches = readdirSync(`${proc}/task`).reduce((sum, task) => {
      const text = readFileSync(`${proc}/task/${task}/status`, 'utf8');
      return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text)[1]);
    }, 0);
    return { at: performance.now(), processor: Number(fields[11]) + Number(fields[12]), resident, switches };
  }

  async stop() {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    if (this.#process.exitCode === null) {
      this.#process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** The environment that the packaged unit gives the agent. @returns {Record<string, string>} */
function unitEnvironment() {
  const unit = readFileSync(join(root, 'deploy', 'systemd', 'portcullis.service'), 'utf8');
  const lines = [...unit.matchAll(/^Environment=(?:"(.*)"|(.*))$/gm)].map(([, quoted, plain]) => quoted ?? plain);
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
}

/** @param {string} url */
async function execsAt(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^portcullis_execs_total (\d+)/m.exec(text)[1]);
}
