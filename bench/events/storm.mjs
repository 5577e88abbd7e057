// A ring with a producer: fills it with records of real shape, in the time it is told to or as fast as they are taken.
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { BpfObject, bootTimeNs, Ring, unpin } from '../../dist/kernel/addon.js';
import { execObject, producerObject } from './objects.mjs';
import { encodeRecord } from './record.mjs';

const PIN_DIRECTORY = `/sys/fs/bpf/portcullis-bench-${process.pid}`;

/** Arguments of ordinary programs, 200 to 300 bytes in 12 arguments. */
function argumentsOf(index) {
  const long = `--endpoint=https://build-${index}.internal.example:8443/v2/projects/${1000 + index}/runs?since=yesterday`;
  const rest = [
    '--output',
    `/var/lib/jobs/${index}/result.json`,
    '--retries',
    '3',
    '--verbose',
    '-j',
    '4',
    '--label',
    'nightly',
  ];
  return ['xmrig-report', long, ...rest, `--shard=${index % 7}/7`];
}

export class Storm {
  #object = BpfObject.open(producerObject, { programs: ['produce'] });
  #made = 0n;

  /** @param {{words: number, rules: number[], verdict: string}} decided by an image with so many words of rules */
  constructor({ words, rules, verdict, templates = 64 }) {
    this.#object.load();
    this.templates = templates;
    const border = BpfObject.open(execObject, { programs: [] }).layout();
    const number = (enumeration, name) => Number(border.enumeration(enumeration)[name]);
    const { ino, dev } = statSync(process.execPath);
    // The cgroup of this process, as the kernel counts it: the inode of its directory.
    const cgroup = cgroupOf('self');
    for (let index = 0; index < templates; index++) {
      const record = encodeRecord(border, {
        ...{ words, rules, argv: argumentsOf(index), path: `/opt/vendor/tool-${index % 16}/bin/xmrig-report` },
        ...{ comm: 'xmrig-report', parentComm: 'node', start: bootTimeNs(), generation: 1, known: (1n << 64n) - 1n },
        ...{ cgroup, inode: ino, device: dev, uid: 0, gid: 0, euid: 0, egid: 0, mode: 0o100755, levels: 1, cpu: 1 },
        version: number('pc_version', 'PC_ABI_VERSION'),
        stage: number('pc_stage', 'PC_STAGE_KILL'),
        verdict: number('pc_verdict', `PC_VERDICT_${verdict}`),
        event: number('pc_event', 'PC_EVENT_EXEC'),
        ppid: index % 2 === 0 ? process.pid : process.ppid,
      });
      const value = Buffer.alloc(this.#object.layout().struct('template').size);
      record.copy(value);
      this.#object.map('templates').update(new Uint8Array(Uint32Array.of(index).buffer), value);
    }
    mkdirSync(PIN_DIRECTORY, { recursive: true });
    this.pin = `${PIN_DIRECTORY}/ring`;
    this.#object.map('ring').pin(this.pin);
    this.#ring = Ring.open(this.#object.map('ring'));
  }
  #ring;

  get made() {
    return this.#made;
  }

  /** Bytes that nobody has acknowledged. */
  get waiting() {
    const { produced, consumed } = this.#ring.lag();
    return Number(produced - consumed);
  }

  /** @param {number} count @param {'lose' | 'stop'} whenFull @returns {{made: number, lost: number}} */
  produce(count, whenFull) {
    const layout = this.#object.layout().struct('production');
    const context = Buffer.alloc(layout.size);
    const at = (name) => layout.fields.get(name).offset;
    context.writeBigUInt64LE(this.#made, at('first'));
    context.writeUInt32LE(count, at('count'));
    context.writeUInt32LE(this.templates, at('templates'));
    context.writeUInt32LE(whenFull === 'stop' ? 1 : 0, at('when_full'));
    const { returnValue, context: after } = this.#object.testRun('produce', { context });
    if (returnValue !== 0) throw new Error(`produce ended with ${returnValue}`);
    const result = Buffer.from(after);
    const made = result.readUInt32LE(at('made'));
    this.#made += BigInt(made);
    return { made, lost: result.readUInt32LE(at('lost')) };
  }

  close() {
    this.#ring.close();
    unpin(this.pin);
    rmSync(PIN_DIRECTORY, { recursive: true, force: true });
    this.#object.close();
  }
}

/** 0 where the default hierarchy is not mounted. */
function cgroupOf(pid) {
  const mount = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[2] === 'cgroup2');
  const path = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    .split('\n')
    .find((line) => line.startsWith('0::'));
  if (mount === undefined || path === undefined) return 0;
  return statSync(mount.split(' ')[1] + path.slice(3)).ino;
}
