import { describe, expect, it } from 'vitest';
import { kernelDevice, mountsAbove, unitOf } from '../../src/agent/self-protection-places.js';

const started = { INVOCATION_ID: '0123' };

describe('the unit of an agent', () => {
  it('is its control groups, the innermost first', () => {
    expect(unitOf('0::/system.slice/portcullis.service\n', 1, started)).toEqual(['portcullis.service', 'system.slice']);
    expect(unitOf('1:cpu:/\n0::/a.slice\n', 1, started)).toEqual(['a.slice']);
  });

  it.each([
    ['a parent that is not process 1', '0::/system.slice/a.service\n', 2, started],
    ['no invocation', '0::/system.slice/a.service\n', 1, {}],
    ['the root', '0::/\n', 1, started],
    ['no default hierarchy', '1:cpu:/system.slice/a.service\n', 1, started],
    ['more levels than the kernel programs know', '0::/a/b/c/d/e\n', 1, started],
  ])('does not exist with %s', (_, cgroup, ppid, environment) => {
    expect(unitOf(cgroup, ppid, environment)).toBeUndefined();
  });
});

describe('mounts of a path', () => {
  const mountinfo = [
    '21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw',
    '22 21 0:20 / /sys rw shared:2 - sysfs sysfs rw',
    '30 22 0:27 / /sys/fs/bpf rw shared:3 - bpf bpf rw',
    '31 22 0:28 / /sys/fs/bpf2 rw - bpf bpf rw',
    '40 21 0:31 / /with\\040space rw - tmpfs tmpfs rw',
    '',
  ].join('\n');

  it('are the one it lies in and those that this one lies in', () => {
    expect(mountsAbove('/sys/fs/bpf/portcullis', mountinfo)).toEqual([30, 22, 21]);
    expect(mountsAbove('/sys/fs', mountinfo)).toEqual([22, 21]);
    expect(mountsAbove('/with space/pins', mountinfo)).toEqual([40, 21]);
  });

  it('are the later of two at one place', () => {
    const twice = `${mountinfo}50 30 0:40 / /sys/fs/bpf rw - bpf bpf rw\n`;
    expect(mountsAbove('/sys/fs/bpf/portcullis', twice)).toEqual([50, 30, 22, 21]);
  });
});

it('a device number is written as the kernel has it', () => {
  expect(kernelDevice(0x801n)).toBe((8 << 20) | 1);
  // minor 300 needs the bits above the major
  expect(kernelDevice((300n & 0xffn) | (259n << 8n) | ((300n & ~0xffn) << 12n))).toBe((259 << 20) | 300);
});
