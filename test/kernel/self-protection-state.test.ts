/** What user space writes for self-protection, by the layout that the built object declares. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BpfObject, type Layout } from '../../src/kernel/addon.js';
import { hookNames, SelfState, tamperDecoder } from '../../src/kernel/self-protection-state.js';

const path = fileURLToPath(new URL('../../build/bpf/self.bpf.o', import.meta.url));

function layoutOfObject(): Layout {
  const object = BpfObject.open(path, { programs: [] });
  try {
    return object.layout();
  } finally {
    object.close();
  }
}

const layout = layoutOfObject();
const struct = layout.struct('ps_state');
const offset = (name: string) => struct.fields.get(name)!.offset;

describe('the state', () => {
  const places = {
    mountNamespace: 0xf0000001,
    pins: {
      directory: { inode: 77n, device: 0x1b },
      covers: [
        { inode: 77n, device: 0x1b },
        { inode: 1n, device: 0x14 },
      ],
      mounts: [30, 22, 21],
    },
    successor: { launcher: { inode: 1234n, device: 0x801 }, unit: ['portcullis.service', 'system.slice'] },
  };

  it('is written where the programs read it', () => {
    const memory = new ArrayBuffer(struct.size);
    const view = new DataView(memory);
    new SelfState(layout, memory).write(places);
    expect(view.getBigUint64(offset('pins'), true)).toBe(77n);
    expect(view.getUint32(offset('pins') + 8, true)).toBe(0x1b);
    expect(view.getBigUint64(offset('covers') + layout.struct('ps_file').size, true)).toBe(1n);
    expect([0, 1, 2, 3].map((place) => view.getUint32(offset('mounts') + 4 * place, true))).toEqual([30, 22, 21, 0]);
    expect(view.getBigUint64(offset('launcher'), true)).toBe(1234n);
    expect(Buffer.from(memory, offset('unit'), 19).toString()).toBe('portcullis.service\0');
    expect(Buffer.from(memory, offset('unit') + 64, 13).toString()).toBe('system.slice\0');
    expect(view.getUint32(offset('unit_levels'), true)).toBe(2);
    expect(view.getUint32(offset('mount_namespace'), true)).toBe(0xf0000001);
  });

  it('leaves nothing of what was written before', () => {
    const memory = new ArrayBuffer(struct.size);
    const state = new SelfState(layout, memory);
    state.write(places);
    state.write({ mountNamespace: 0 });
    expect(new Uint8Array(memory).every((byte) => byte === 0)).toBe(true);
  });

  it('has no room for more directories, control groups or longer names than the programs compare', () => {
    const state = new SelfState(layout, new ArrayBuffer(struct.size));
    const file = { inode: 1n, device: 1 };
    const unit = (...names: string[]) => ({ mountNamespace: 1, successor: { launcher: file, unit: names } });
    expect(() => state.write(unit('a', 'b', 'c', 'd', 'e'))).toThrow(RangeError);
    expect(() => state.write(unit('n'.repeat(64)))).toThrow(RangeError);
    const covers = Array.from({ length: 9 }, () => file);
    expect(() => state.write({ mountNamespace: 1, pins: { directory: file, covers, mounts: [] } })).toThrow(RangeError);
  });
});

it('an attempt is decoded by the layout', () => {
  const { size, fields } = layout.struct('ps_tamper');
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(fields.get('time')!.offset, 5n, true);
  view.setUint32(fields.get('hook')!.offset, 8, true);
  view.setUint32(fields.get('outcome')!.offset, 1, true);
  view.setUint32(fields.get('pid')!.offset, 12, true);
  bytes.set(Buffer.from('bpftool'), fields.get('comm')!.offset);
  expect(tamperDecoder(layout)(bytes)).toMatchObject({
    time: 5n,
    hook: 'bpf_prog',
    outcome: 'unlocked',
    pid: 12,
    comm: 'bpftool',
    parentComm: '',
  });
  expect(tamperDecoder(layout)(bytes.subarray(1))).toBeUndefined();
});

it('hooks have the names of the kernel, in lower case', () => {
  const names = [...hookNames(layout).values()];
  expect(names).toHaveLength(Number(layout.enumeration('ps_hook').PS_HOOKS));
  expect(names).toContain('ptrace_access_check');
});
