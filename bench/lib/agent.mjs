// The agent as the unit of the Debian package runs it, on this machine's own kernel: under the tier `tracepoint`, which every kernel allows,
// and with policies that only report.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../../scripts/lib/paths.mjs';

export class Agent {
  /** What it says of itself when a policy is in force. @type {{url: string}} */
  status;
  #directory;
  #process;

  /**
   * Starts one and waits until its policy is in force.
   * @param {{policies?: readonly string[]}} [options] policy files; default the shipped one
   */
  static async start({ policies = [join(root, 'policies', 'cryptominer.policy')] } = {}) {
    const agent = new Agent(policies);
    const ready = join(agent.#directory, 'ready');
    while (!existsSync(ready)) {
      if (agent.#process.exitCode !== null)
        throw new Error(`the agent did not start; it needs root\n${readFileSync(agent.log, 'utf8')}`);
      await sleep(100);
    }
    agent.status = JSON.parse(readFileSync(ready, 'utf8'));
    return agent;
  }

  constructor(policies) {
    this.#directory = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
    const place = (file) => join(this.#directory, file);
    const config = {
      policies,
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

  get log() {
    return join(this.#directory, 'log');
  }

  get pid() {
    return this.#process.pid;
  }

  /** Loads its policies again. */
  reload() {
    this.#process.kill('SIGHUP');
  }

  /** Milliseconds now, ticks of processor time, bytes resident (and not of files), voluntary switches of all threads. */
  sample() {
    const proc = `/proc/${this.pid}`;
    const [, rest] = readFileSync(`${proc}/stat`, 'utf8').split(') ');
    const fields = rest.split(' ');
    const status = readFileSync(`${proc}/status`, 'utf8');
    const bytes = (name) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]);
    const switches = readdirSync(`${proc}/task`).reduce((sum, task) => {
      const text = readFileSync(`${proc}/task/${task}/status`, 'utf8');
      return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text)[1]);
    }, 0);
    return {
      at: performance.now(),
      processor: Number(fields[11]) + Number(fields[12]),
      resident: bytes('VmRSS'),
      anonymous: bytes('RssAnon'),
      switches,
    };
  }

  /** A metric without labels, by its name. @param {string} name */
  async metric(name) {
    const text = await (await fetch(`${this.status.url}/metrics`)).text();
    const found = new RegExp(`^${name} (\\S+)`, 'm').exec(text);
    if (found === null) throw new Error(`the agent has no metric ${name}`);
    return Number(found[1]);
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
export function unitEnvironment() {
  const unit = readFileSync(join(root, 'deploy', 'systemd', 'portcullis.service'), 'utf8');
  const lines = [...unit.matchAll(/^Environment=(?:"(.*)"|(.*))$/gm)].map(([, quoted, plain]) => quoted ?? plain);
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
}
