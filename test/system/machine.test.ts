import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SystemMachine } from '../../scripts/lib/system/machine.mjs';

let share: string;
let machine: SystemMachine;

beforeAll(async () => {
  share = await mkdtemp(join(tmpdir(), 'portcullis-share-'));
  await writeFile(join(share, 'hello'), 'from the host\n');
  machine = await SystemMachine.boot({ kernel: '6.1', files: { '/srv/share': share }, cmdline: 'portcullis.test=1' });
});

afterAll(async () => {
  await machine?.end();
  await rm(share, { recursive: true, force: true });
});

test('boots that kernel, with systemd as the first process and all that the agent looks for', async () => {
  expect(await machine.must('uname -r')).toMatch(/^6\.1\./);
  expect(await machine.must('cat /proc/1/comm')).toBe('systemd\n');
  expect(await machine.must('cat /proc/cmdline')).toContain('portcullis.test=1');
  expect(await machine.must('systemctl is-system-running --wait')).toBe('running\n');
  await machine.must(`
    grep -q 'bpf /sys/fs/bpf bpf ' /proc/mounts
    test -r /sys/kernel/btf/vmlinux
    grep -q bpf /sys/kernel/security/lsm
    modprobe overlay
  `);
});

test('hands over statuses and both outputs exactly', async () => {
  const script = "printf 'a\\0b\\n'; echo \"it's é\" >&2; (exit 37); echo never";
  expect(await machine.run(script)).toEqual({ status: 37, stdout: 'a\0b\n', stderr: "it's é\n" });
  expect(await machine.run('true')).toEqual({ status: 0, stdout: '', stderr: '' });
  expect((await machine.run('kill -KILL $$')).status).toBe(137);
  await expect(machine.must('echo why; exit 3')).rejects.toThrow(/status 3\nwhy/);
});

test('says what took too long, and goes on', async () => {
  await expect(machine.run('sleep 3', { patience: 1 })).rejects.toThrow('took more than 1 s');
  expect((await machine.run('echo on')).stdout).toBe('on\n');
});

test('keeps its disk over both kinds of restart, and takes new parameters', async () => {
  expect(await machine.must('cat /srv/share/hello')).toBe('from the host\n');
  await machine.must('echo kept > /srv/share/hello; echo gone > /run/volatile');
  await machine.restart('crash', { cmdline: 'portcullis.test=2' });
  expect(await machine.must('cat /srv/share/hello')).toBe('kept\n');
  expect((await machine.run('cat /run/volatile')).status).toBe(1);
  expect(await machine.must('cat /proc/cmdline')).toContain('portcullis.test=2');
  await machine.must('echo again > /srv/share/hello');
  await machine.restart('orderly');
  expect(await machine.must('cat /srv/share/hello')).toBe('again\n');
  expect(machine.complaints).toEqual([]);
});
