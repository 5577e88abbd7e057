// Runs one command in a virtual machine with a Debian kernel and the built project inside.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { complaints, isStaleBreakpoint, tail } from './console.mjs';
import { writeInitramfs } from './guest-files.mjs';
import { ensureKernel, KERNELS } from './kernels.mjs';
import { CommandError, say } from './process.mjs';
import { byLine, startMachine } from './qemu.mjs';

export { KERNELS };

/** What a run takes when the caller does not say. */
export const DEFAULTS = Object.freeze({ kernel: '6.12', timeout: 300, memory: '2G' });

/** The statuses of a run that did not end with the command's own. */
export const TIMED_OUT = 124;
export const KERNEL_FAILED = 125;
export const STOPPED = 130;

/** Sockets have paths of at most 107 bytes; a longer temporary directory is passed over for /tmp. */
const LONGEST_DIRECTORY = 60;

/**
 * Boots a kernel, runs the command as root, powers off. Nothing is built here: what is missing of the project is missing
 * in the guest. See vm.d.mts for the types.
 * @param {import('./vm.d.mts').VmRun} run
 * @returns {Promise<import('./vm.d.mts').VmResult>}
 */
export async function runInVm(run) {
  const result = await bootAndRun(run);
  const why = lostByEmulation(result);
  if (why === undefined) return result;
  say(`a virtual machine ${why}, and is booted once more; ${explainFailure(result)}`);
  return bootAndRun(run);
}

/**
 * Emulation now and then loses a machine, on its way up or while the kernel patches itself; what the command does is not concerned.
 * @param {import('./vm.d.mts').VmResult} result
 */
function lostByEmulation({ outcome, bootSeconds, complaints: found, console }) {
  if (outcome !== 'panic') return undefined;
  if (bootSeconds === undefined && found.length === 0) return 'ended before its command began';
  return isStaleBreakpoint(console) ? 'ran into a breakpoint that its kernel had taken out' : undefined;
}

/** @param {import('./vm.d.mts').VmRun} run @returns {Promise<import('./vm.d.mts').VmResult>} */
async function bootAndRun(run) {
  const { command, files = {}, cmdline = '', env = {}, warnings = 'fail', signal, onOutput } = run;
  if (command.length === 0) throw new CommandError('there is no command to run in the virtual machine');
  const timeout = run.timeout ?? DEFAULTS.timeout;
  const memory = parseMemory(run.memory ?? DEFAULTS.memory);
  const kernel = await ensureKernel(run.kernel ?? DEFAULTS.kernel);
  const started = Date.now();
  const parent = tmpdir().length > LONGEST_DIRECTORY ? '/tmp' : tmpdir();
  const directory = await mkdtemp(join(parent, 'portcullis-vm-'));
  try {
    const initramfs = join(directory, 'initramfs');
    await writeInitramfs({ output: initramfs, kernel, files, command, env, memory });
    const chunks = { out: [], err: [], all: [] };
    let status;
    let bootSeconds;
    const output = (channel) => (chunk) => {
      chunks[channel].push(chunk);
      chunks.all.push(chunk);
      onOutput?.(channel, chunk);
    };
    const report = byLine((line) => {
      if (line === 'started') {
        bootSeconds = secondsSince(started);
        // The machine has long read it; 130 MB need not wait for a run that may be killed.
        void rm(initramfs, { force: true });
      }
      const reported = /^status (\d+)$/.exec(line);
      if (reported === null) return;
      status = Number(reported[1]);
      machine.end();
    });
    const machine = await startMachine(
      { image: kernel.image, initramfs, cmdline, memory, directory, clock: run.clock ?? 'wall' },
      { out: output('out'), err: output('err'), report },
    );
    signal?.addEventListener('abort', machine.end, { once: true });
    if (signal?.aborted) machine.end();
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      machine.end();
    }, timeout * 1000);
    const { console, error } = await machine.ended.finally(() => {
      clearTimeout(limit);
      signal?.removeEventListener('abort', machine.end);
    });
    const found = complaints(console);
    const outcome = outcomeOf({ status, late, stopped: signal?.aborted ?? false, found, warnings });
    const texts = { output: text(chunks.all), stdout: text(chunks.out), stderr: text(chunks.err) };
    const times = { seconds: secondsSince(started), bootSeconds };
    return {
      ...{ status: statusOf(outcome, status), outcome, kernel: kernel.release },
      ...texts,
      ...times,
      ...{ console: `${console}${error}`, complaints: found },
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * What a person should be told of a run that did not end with the command's own status, else undefined.
 * @param {import('./vm.d.mts').VmResult} result
 * @returns {string | undefined}
 */
export function explainFailure(result) {
  const { outcome } = result;
  const console = `the end of the guest's console:\n${tail(result.console)}`;
  switch (outcome) {
    case 'exited':
      return undefined;
    case 'timeout':
      return `the time limit passed after ${result.seconds.toFixed(0)} s and the guest was ended; ${console}`;
    case 'stopped':
      return 'the guest was ended on request';
    case 'panic':
      return `the guest ended without reporting a status; ${console}`;
    case 'warnings':
      return `the guest's kernel complained (--allow-warnings accepts that):\n${result.complaints.join('\n')}\n${console}`;
    default:
      throw new Error(`unknown outcome ${outcome}`);
  }
}

/** Which of the ways to end this was. A status the guest did report counts, even if the limit passed just then. */
function outcomeOf({ status, late, stopped, found, warnings }) {
  if (status !== undefined) return found.length > 0 && warnings === 'fail' ? 'warnings' : 'exited';
  if (stopped) return 'stopped';
  return late ? 'timeout' : 'panic';
}

/** @param {import('./vm.d.mts').VmOutcome} outcome @param {number | undefined} status */
function statusOf(outcome, status) {
  switch (outcome) {
    case 'exited':
      return status;
    case 'timeout':
      return TIMED_OUT;
    case 'stopped':
      return STOPPED;
    default:
      return KERNEL_FAILED;
  }
}

/** Bytes from `512M`, `2G` or plain megabytes. @param {string} text */
function parseMemory(text) {
  const match = /^(\d+)([MG]?)$/.exec(text);
  if (match === null) throw new CommandError(`memory is a number of megabytes, or like 512M or 2G, not ${text}`);
  return Number(match[1]) * (match[2] === 'G' ? 2 ** 30 : 2 ** 20);
}

/** @param {Buffer[]} chunks */
function text(chunks) {
  return Buffer.concat(chunks).toString();
}

/** @param {number} start milliseconds */
function secondsSince(start) {
  return (Date.now() - start) / 1000;
}
