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

/** la57=off because emulating five-level page tables is three times slower. */
const EMULATED_CPU = ['-cpu', 'max,la57=off'];

/**
 * Which processors the guest has. With the clock `instructions` it is one, emulated, whose time is the number of instructions
 * it has executed, a nanosecond each: what a guest measures then does not depend on this machine. Waiting costs no time.
 * Otherwise emulation unless `PORTCULLIS_ACCEL=kvm`: a machine may have /dev/kvm and still hang under it.
 * @param {Machine['clock']} clock
 * @returns {string[]}
 */
function processors(clock) {
  if (clock === 'instructions') {
    return ['-accel', 'tcg,thread=single', ...EMULATED_CPU, '-smp', '1', '-icount', 'shift=0,sleep=off'];
  }
  const wanted = process.env.PORTCULLIS_ACCEL || 'tcg';
  switch (wanted) {
    case 'kvm':
      return ['-accel', 'kvm', '-cpu', 'host', '-smp', '2'];
    case 'tcg':
      return ['-accel', 'tcg,thread=multi', ...EMULATED_CPU, '-smp', '2'];
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
 * @property {'wall' | 'instructions'} [clock] default wall
 * @property {string} [disk] path of a qcow2 image, the guest's /dev/vda; what the guest writes there is lost with the host
 */

/**
 * Starts a machine.
 * @param {Machine} machine
 * @param {Record<string, (chunk: Buffer) => void>} ports the guest's virtio ports in the order of their numbers, each with
 *   who gets what the guest writes there
 * @returns {Promise<{
 *   end: () => void,
 *   send: (port: string, text: string) => void,
 *   ended: Promise<{console: string, error: string}>,
 *   console: () => string,
 * }>} `end` powers it off at once; `send` writes to a port; `ended` holds when it is off and all its output has been
 *   delivered, with the console's text and qemu's own messages; `console` is the text so far
 */
export async function startMachine(machine, ports) {
  const program = which('qemu-system-x86_64');
  if (program === undefined) throw new CommandError('qemu-system-x86_64 is missing: run `npm run setup`');
  const names = Object.keys(ports);
  const channels = await Promise.all(names.map((name) => listen(join(machine.directory, name), ports[name])));
  const portOptions = names.flatMap((port) => [
    '-chardev',
    `socket,id=${port},path=${join(machine.directory, port)}`,
    '-device',
    `virtserialport,chardev=${port},name=${port}`,
  ]);
  const qemu = [
    program,
    ...processors(machine.clock),
    ...['-m', `${Math.ceil(machine.memory / 2 ** 20)}M`, '-no-reboot', '-nic', 'none'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-monitor', 'none'],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-device', 'virtio-serial-pci', ...portOptions],
    ...(machine.disk === undefined ? [] : ['-drive', `file=${machine.disk},format=qcow2,if=virtio,cache=unsafe`]),
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
  return {
    end: () => child.kill('SIGKILL'),
    send: (port, text) => channels[names.indexOf(port)]?.send(text),
    ended,
    console: () => console().replaceAll('\r', ''),
  };
}

/**
 * A socket that the machine connects to.
 * @param {string} path
 * @param {(chunk: Buffer) => void} onData
 * @returns {Promise<{finish: () => Promise<void>, send: (text: string) => void}>} finish holds when the machine's end is
 *   closed and all is read
 */
function listen(path, onData) {
  return new Promise((resolve, reject) => {
    let closed = Promise.resolve();
    /** @type {import('node:net').Socket | undefined} */
    let connected;
    const server = createServer((socket) => {
      connected = socket;
      socket.on('data', onData);
      // A machine that is killed resets its sockets; what it had sent is delivered before.
      socket.on('error', () => {});
      closed = new Promise((done) => socket.on('close', () => done()));
    });
    server.on('error', reject);
    server.listen(path, () =>
      resolve({
        send: (text) => connected?.write(text),
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

/**
 * Collects pieces into lines. The last, unfinished one is kept until its end comes.
 * @param {(line: string) => void} onLine
 * @returns {(chunk: Buffer) => void}
 */
export function byLine(onLine) {
  let rest = '';
  return (chunk) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  };
}
