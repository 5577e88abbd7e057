// A Debian machine with systemd as its first process, that runs what it is told to. See machine.d.mts for the types.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { complaints, tail } from '../console.mjs';
import { ensureKernel } from '../kernels.mjs';
import { CommandError, run } from '../process.mjs';
import { byLine, startMachine } from '../qemu.mjs';
import { writeSystemInitramfs } from './initramfs.mjs';
import { systemDisk } from './root.mjs';

/** Seconds that a boot, a command or a shutdown may take: an emulated machine on a busy host is slow. */
const PATIENCE = 600;

/** Bytes of the machine's memory. */
const MEMORY = 2 * 2 ** 30;

/** Sockets have paths of at most 107 bytes; a longer temporary directory is passed over for /tmp. */
const LONGEST_DIRECTORY = 60;

export class SystemMachine {
  #boot;
  #directory;
  #machine;
  #kernel;
  #waiting = new Map();
  #number = 0;
  #consoles = [];

  /** Boots. @param {import('./machine.d.mts').SystemBoot} boot */
  static async boot(boot = {}) {
    const parent = tmpdir().length > LONGEST_DIRECTORY ? '/tmp' : tmpdir();
    const directory = await mkdtemp(join(parent, 'portcullis-system-'));
    const machine = new SystemMachine(boot, directory);
    try {
      const backing = await systemDisk();
      await run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', backing, '-F', 'qcow2', machine.#disk]);
      await machine.#start({ files: boot.files ?? {}, cmdline: boot.cmdline ?? '' });
      return machine;
    } catch (error) {
      await machine.end();
      throw error;
    }
  }

  constructor(boot, directory) {
    this.#boot = boot;
    this.#directory = directory;
  }

  get #disk() {
    return join(this.#directory, 'disk');
  }

  get console() {
    return [...this.#consoles, this.#machine?.console() ?? ''].join('');
  }

  get complaints() {
    return complaints(this.console);
  }

  async run(script, { patience = PATIENCE } = {}) {
    const machine = this.#machine;
    if (machine === undefined) throw new CommandError('the machine is off');
    const number = String(++this.#number);
    const answer = new Promise((resolve) => this.#waiting.set(number, resolve));
    machine.send('commands', `${number} ${Buffer.from(script).toString('base64')}\n`);
    const [status, stdout, stderr] = await this.#before(answer, patience, script);
    return { status: Number(status), stdout: decoded(stdout), stderr: decoded(stderr) };
  }

  async must(script, options) {
    const { status, stdout, stderr } = await this.run(script, options);
    if (status !== 0) throw new CommandError(`${script}\nstatus ${status}\n${stdout}${stderr}`, { status });
    return stdout;
  }

  async restart(how, { cmdline = this.#boot.cmdline ?? '' } = {}) {
    const machine = this.#machine;
    if (machine === undefined) throw new CommandError('the machine is off');
    switch (how) {
      case 'orderly':
        // The answer may not get out any more.
        machine.send('commands', `0 ${Buffer.from('systemctl poweroff --no-block').toString('base64')}\n`);
        break;
      case 'crash':
        await this.must('sync');
        machine.end();
        break;
      default:
        throw new Error(`unknown way to restart ${how}`);
    }
    const { console } = await this.#before(machine.ended, PATIENCE, `an ${how} end`);
    this.#consoles.push(console);
    await this.#start({ files: {}, cmdline });
  }

  async end() {
    this.#machine?.end();
    await this.#machine?.ended;
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #start({ files, cmdline }) {
    this.#kernel ??= await ensureKernel(this.#boot.kernel ?? '6.12');
    const initramfs = join(this.#directory, 'initramfs');
    await writeSystemInitramfs({ output: initramfs, kernel: this.#kernel, files });
    const started = Date.now();
    const ready = new Promise((resolve) => this.#waiting.set('ready', resolve));
    this.#waiting.delete('0');
    const commands = byLine((line) => {
      const [number, ...answer] = line.split(' ');
      this.#waiting.get(number)?.(answer);
      this.#waiting.delete(number);
    });
    const { image } = this.#kernel;
    const directory = this.#directory;
    const parameters = `systemd.show_status=false systemd.log_target=journal ${cmdline}`;
    this.#machine = await startMachine(
      { image, initramfs, cmdline: parameters, memory: MEMORY, directory, disk: this.#disk },
      { commands },
    );
    await this.#before(ready, PATIENCE, 'the boot');
    this.bootSeconds = (Date.now() - started) / 1000;
  }

  /** @template T @param {Promise<T>} promise @param {number} patience seconds @param {string} what @returns {Promise<T>} */
  async #before(promise, patience, what) {
    const machine = this.#machine;
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(this.#failure(`${what}\ntook more than ${patience} s`)), patience * 1000);
    });
    const off = machine.ended.then(() => {
      throw this.#failure(`the machine went off during\n${what}`);
    });
    off.catch(() => {});
    try {
      return await Promise.race([promise, late, off]);
    } finally {
      clearTimeout(timer);
    }
  }

  #failure(message) {
    return new CommandError(`${message}\nthe end of the console:\n${tail(this.console)}`);
  }
}

/** @param {string} text base64, and a full stop that keeps an empty text from being no word */
function decoded(text) {
  return Buffer.from(text.slice(0, -1), 'base64').toString();
}
