// One qemu process and the channels to its guest.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { CommandError, which } from './process.mjs';

/**
 * Kernel parameters of every guest.
 *   panic=-1                reboot at once, which ends qemu (-no-reboot)
 *   loglevel=5              warnings reach the console, chatter does not
 *   mitigations=off         they cost time and protect nothing here
 *   no_timer_check, nowatchdog, rcu_cpu_stall_suppress
 *                           an emulated machine on a busy host misses deadlines that mean a hang on real hardware
 */
const KERNEL_PARAMETERS = [
  'console=ttyS0 loglevel=5 printk.devkmsg=on panic=-1 mitigations=off random.trust_cpu=on',
  'no_timer_check nowatchdog nosoftlockup rcupdate.rcu_cpu_stall_suppress=1',
].join(' ');

/** The guest's virtio ports, in the order of their numbers. */
const PORTS = ['out', 'err', 'report'];

/**
 * Emulation unless `PORTCULLIS_ACCEL=kvm`: a machine may have /dev/kvm and still hang under it. la57=off because
 * emulating five-level page tables is three times slower.
 * @returns {string[]}
 */
function accelerator() {
  const wanted = process.env.PORTCULLIS_ACCEL || 'tcg';
  switch (wanted) {
    case 'kvm':
      return ['-accel', 'kvm', '-cpu', 'host'];
    case 'tcg':
      return ['-accel', 'tcg,thread=multi', '-cpu', 'max,la57=off'];
    default:
      throw new CommandError(`PORTCULLIS_ACCEL is tcg or kvm, not ${wanted}`);
  }
}

/**
 * @typedef {object} Machine
 * @property {string} image what to boot
 * @property {string} initramfs
 * @property {string} cmdline appended to the kernel's parameters
 * @property {number} memory bytes
 * @property {string} directory a scratch directory with a short path, for the sockets
 */

/**
 * @typedef {object} Listener
 * @property {(channel: 'out' | 'err', chunk: Buffer) => void} onOutput
 * @property {(line: string) => void} onReport a line that the guest's init reports
 */

/**
 * Starts a machine.
 * @param {Machine} machine
 * @param {Listener} listener
 * @returns {Promise<{end: () => void, ended: Promise<{console: string, error: string}>}>} `end` powers it off at once;
 *   `ended` holds when it is off and all its output has been delivered, with the console's text and qemu's own messages
 */
export async function startMachine(machine, { onOutput, onReport }) {
  const program = which('qemu-system-x86_64');
  if (program === undefined) throw new CommandError('qemu-system-x86_64 is missing: run `npm run setup`');
  let reported = '';
  const handlers = {
    out: (chunk) => onOutput('out', chunk),
    err: (chunk) => onOutput('err', chunk),
    report: (chunk) => {
      reported += chunk;
      const lines = reported.split('\n');
      reported = lines.pop() ?? '';
      lines.forEach(onReport);
    },
  };
  const channels = await Promise.all(PORTS.map((port) => listen(join(machine.directory, port), handlers[port])));
  const ports = PORTS.flatMap((port) => [
    '-chardev',
    `socket,id=${port},path=${join(machine.directory, port)}`,
    '-device',
    `virtserialport,chardev=${port},name=${port}`,
  ]);
  const qemu = [
    program,
    ...accelerator(),
    ...['-m', `${Math.ceil(machine.memory / 2 ** 20)}M`, '-smp', '2', '-no-reboot', '-nic', 'none'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-monitor', 'none'],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-device', 'virtio-serial-pci', ...ports],
    ...['-kernel', machine.image, '-initrd', machine.initramfs],
    ...['-append', `${KERNEL_PARAMETERS} ${machine.cmdline}`.trim()],
  ];
  // A machine must not outlive the command that started it, however that ends.
  const guard = which('setpriv');
  const [file, ...args] = guard === undefined ? qemu : [guard, '--pdeathsig', 'KILL', ...qemu];
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const console = collect(child.stdout);
  const error = collect(child.stderr);
  const ended = new Promise((resolve, reject) => {
    child.on('error', (cause) => reject(new CommandError(`cannot run ${file}: ${cause.message}`)));
    child.on('close', async () => {
      await Promise.all(channels.map((channel) => channel.finish()));
      resolve({ console: console().replaceAll('\r', ''), error: error() });
    });
  });
  return { end: () => child.kill('SIGKILL'), ended };
}

/**
 * A socket that the machine connects to.
 * @param {string} path
 * @param {(chunk: Buffer) => void} onData
 * @returns {Promise<{finish: () => Promise<void>}>} finish holds when the machine's end is closed and all is read
 */
function listen(path, onData) {
  return new Promise((resolve, reject) => {
    let closed = Promise.resolve();
    const server = createServer((socket) => {
      socket.on('data', onData);
      // A machine that is killed resets its sockets; what it had sent is delivered before.
      socket.on('error', () => {});
      closed = new Promise((done) => socket.on('close', () => done()));
    });
    server.on('error', reject);
    server.listen(path, () =>
      resolve({
        finish: async () => {
          server.close();
          await closed;
        },
      }),
    );
  });
}

/** @param {import('node:stream').Readable} stream @returns {() => string} what it has delivered so far */
function collect(stream) {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}
