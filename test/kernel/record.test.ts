/** Records as the kernel programs lay them out, by the built object's own BTF. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readAbi } from '../../src/kernel/abi.js';
import { BpfObject } from '../../src/kernel/addon.js';
import { SessionError } from '../../src/kernel/errors.js';
import { recordDecoder } from '../../src/kernel/record.js';

const path = fileURLToPath(new URL('../../build/bpf/exec.bpf.o', import.meta.url));
if (!existsSync(path)) throw new Error(`${path} is missing: run npm run build`);
const object = BpfObject.open(path, { programs: [] });
const layout = object.layout();
const abi = readAbi(layout);
object.close();
const decode = recordDecoder(abi);

/** One record: numbers by the names of struct pc_record, then its sections. */
function encoded(numbers: Record<string, number | bigint>, sections: readonly string[], comm = 'tool'): Buffer {
  const { size, fields } = abi.record;
  const head = Buffer.alloc(size);
  const version = abi.number('pc_version', 'PC_ABI_VERSION');
  for (const [name, value] of Object.entries({ version, ...numbers })) {
    const { offset, size: width } = fields.get(name)!;
    if (width === 8) head.writeBigUInt64LE(BigInt(value), offset);
    else head.writeUIntLE(Number(value), offset, width);
  }
  head.write(comm, fields.get('comm')!.offset, 'latin1');
  head.write('sh', fields.get('parent_comm')!.offset, 'latin1');
  return Buffer.concat([head, ...sections.map((text) => Buffer.from(text, 'latin1'))]);
}

/** As it lies in a batch: behind another one. */
function inBatch(record: Buffer): Uint8Array {
  const batch = new Uint8Array(4096).fill(0xff);
  batch.set(record, 1024);
  return batch.subarray(1024, 1024 + record.length);
}

const full = encoded(
  {
    ...{
      stage: layout.enumeration('pc_stage').PC_STAGE_KILL!,
      verdict: layout.enumeration('pc_verdict').PC_VERDICT_REPORT!,
    },
    ...{ sequence: 2n ** 40n + 1n, exec: 2n ** 63n - 1n, previous: 3, time: 4, start: 5, generation: 6 },
    ...{ known: 2n ** 64n - 1n, cgroup: 7, inode: 2n ** 60n, cpu: 8, device: 9, pid: 10, tid: 11, ppid: 12 },
    ...{ uid: 13, gid: 14, euid: 15, egid: 0xffff_ffff, mode: 16, signal: 17, args_count: 3, args_bytes: 21 },
    ...{ rule_bytes: 8, path_bytes: 9, name_bytes: 4, interpreter_path_bytes: 7, interpreter_name_bytes: 2 },
    ...{ head_bytes: 8, tty_bytes: 4, levels: 2, flags: 1 | 8 | 32, exit_code: 18 },
  },
  [
    '\x05\x00\x00\x00\x00\x00\x00\x80',
    '\x03\x00\x00\x00\x00\x00\x01\x00',
    '/opt/t\xf6\xf6l',
    't\xf6\xf6l',
    '/bin/sh',
    'sh',
    'tool\0-x\0',
    'pts0',
  ],
  'sixteen bytes ok',
);

describe('a record', () => {
  test('with everything', () => {
    expect(decode(inBatch(full))).toEqual({
      ...{
        event: 'exec',
        exitCode: 18,
        stage: 'kill',
        verdict: 'report',
        sequence: 2n ** 40n + 1n,
        exec: 2n ** 63n - 1n,
      },
      ...{ previous: 3n, time: 4n, start: 5n, generation: 6n, known: 2n ** 64n - 1n, cgroup: 7n, inode: 2n ** 60n },
      ...{ cpu: 8, device: 9, pid: 10, tid: 11, ppid: 12, uid: 13, gid: 14, euid: 15, egid: 0xffff_ffff, mode: 16 },
      ...{ signal: 17, argsCount: 3, argsBytes: 21, levels: 2, rules: [0, 2, 63], unknownRules: [1, 48] },
      ...{ path: '/opt/t\xf6\xf6l', name: 't\xf6\xf6l', interpreterPath: '/bin/sh', interpreterName: 'sh' },
      ...{ argv: ['tool', '-x'], argsCut: true, pathCut: false, shadow: false, established: true, tripped: false },
      ...{ outsideCanary: true, tty: 'pts0', comm: 'sixteen bytes ok', parentComm: 'sh' },
    });
  });

  test('without sections', () => {
    const bare = decode(inBatch(encoded({ event: layout.enumeration('pc_event').PC_EVENT_EXIT! }, [])));
    expect(bare).toMatchObject({ event: 'exit', verdict: 'none', rules: [], unknownRules: [], argv: [], comm: 'tool' });
    expect([bare.path, bare.name, bare.interpreterPath, bare.interpreterName, bare.tty]).toEqual(
      Array(5).fill(undefined),
    );
  });

  test.each([
    ['tool\0', ['tool']],
    ['tool\0\0', ['tool', '']],
    ['\0', ['']],
    ['tool\0-cut', ['tool', '-cut']],
  ])('with the argument block %j', (block, argv) => {
    expect(decode(inBatch(encoded({ head_bytes: block.length }, [block]))).argv).toEqual(argv);
  });

  test('takes nothing from what lies behind it, whatever lengths it claims', () => {
    const record = decode(inBatch(encoded({ path_bytes: 100, name_bytes: 4, tty_bytes: 9 }, ['/usr/bin'])));
    expect([record.path, record.name, record.tty]).toEqual(['/usr/bin', undefined, undefined]);
    expect(decode(inBatch(encoded({ rule_bytes: 64 }, ['\x01']))).rules).toEqual([0]);
  });

  test('of one batch is nothing to the next', () => {
    const [one, other] = [inBatch(full), inBatch(encoded({ pid: 99 }, []))];
    expect([decode(one).pid, decode(other).pid, decode(one).pid]).toEqual([10, 99, 10]);
  });

  test('of another version, or cut off, is refused', () => {
    const version = abi.number('pc_version', 'PC_ABI_VERSION') + 1;
    expect(() => decode(inBatch(encoded({ version }, [])))).toThrow(SessionError);
    expect(() => decode(full.subarray(0, 20))).toThrow(SessionError);
  });
});
