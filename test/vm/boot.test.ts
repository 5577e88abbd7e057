import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onEachKernel, PROGRAMS, runInGuest, runInVm, runScript } from './guest.js';

describe('the virtual machine', () => {
  let share: string;

  beforeAll(async () => {
    share = await mkdtemp(join(tmpdir(), 'portcullis-share-'));
    await writeFile(join(share, 'try.sh'), 'echo from the share\n');
    await symlink('try.sh', join(share, 'link.sh'));
  });

  afterAll(() => rm(share, { recursive: true, force: true }));

  onEachKernel((kernel) => {
    it('boots that kernel, with bpf among its security modules and all that the agent and its tests look for', async () => {
      const script = `
        uname -r; cat /sys/kernel/security/lsm; echo; node -v
        grep -q 'bpf /sys/fs/bpf bpf ' /proc/mounts
        grep -q ' /sys/fs/cgroup cgroup2 ' /proc/mounts
        test -r /sys/kernel/btf/vmlinux
        test -d /sys/kernel/tracing/events/sched
        ip addr show lo | grep -q 127.0.0.1
        test "$(id -u)" = 0
        cp /bin/true /tmp/copy && /tmp/copy
        modprobe overlay
        test "$(command -v portcullis)" = /usr/bin/portcullis
        ${PROGRAMS}/show-args 'a b' '"'
      `;
      const { stdout, stderr, status } = await runScript(kernel, script);
      const [release, modules, node, ...words] = stdout.trimEnd().split('\n');
      expect(stderr).toBe('');
      expect(status).toBe(0);
      expect(release?.startsWith(`${kernel}.`)).toBe(true);
      expect(modules?.split(',')).toContain('bpf');
      expect(node).toBe(process.version);
      expect(words).toEqual([`"${PROGRAMS}/show-args"`, '"a b"', '"\\""']);
    });
  });

  it('hands over words, output channels and status exactly', async () => {
    const words = ['a b', '', "it's", '$HOME', '"', '\\', 'é'];
    const command = [
      'sh',
      '-c',
      'for w in "$@"; do echo "[$w]"; done; echo "to stderr: $EXTRA" > /dev/stderr; exit 37',
      'x',
      ...words,
    ];
    const { status, outcome, stdout, stderr } = await runInGuest({ command, env: { EXTRA: "it's here" } });
    expect(stdout).toBe(words.map((word) => `[${word}]\n`).join(''));
    expect(stderr).toBe("to stderr: it's here\n");
    expect({ status, outcome }).toEqual({ status: 37, outcome: 'exited' });
  });

  it('shows a shared directory, and delivers all output of what a command left running', async () => {
    const script = 'sh /share/link.sh; (sleep 1000 &) ; seq 1 200000; kill -KILL $$';
    const { status, stdout } = await runInGuest({ files: { '/share': share }, command: ['sh', '-c', script] });
    expect(stdout.startsWith('from the share\n1\n2\n')).toBe(true);
    expect(stdout.endsWith('\n199999\n200000\n')).toBe(true);
    expect(status).toBe(137);
  });

  it('takes kernel parameters', async () => {
    const { stdout } = await runInGuest({
      cmdline: 'lsm=lockdown,capability',
      command: ['cat', '/sys/kernel/security/lsm'],
    });
    // 6.12 adds its integrity modules by itself.
    expect(stdout.split(',').slice(0, 2)).toEqual(['lockdown', 'capability']);
    expect(stdout).not.toContain('bpf');
  });

  it('ends a guest that hangs, at the time limit', async () => {
    const { status, outcome, seconds, stdout } = await runInVm({
      timeout: 40,
      command: ['sh', '-c', 'echo on; exec sleep 900'],
    });
    expect({ status, outcome, stdout }).toEqual({ status: 124, outcome: 'timeout', stdout: 'on\n' });
    expect(seconds).toBeLessThan(90);
  });

  it('ends at once when the caller says so', async () => {
    const { status, outcome } = await runInVm({ signal: AbortSignal.timeout(1000), command: ['sleep', '900'] });
    expect({ status, outcome }).toEqual({ status: 130, outcome: 'stopped' });
  });

  it('tells a panic from a failing command', async () => {
    const { status, outcome, console } = await runInVm({
      command: ['sh', '-c', 'echo c > /proc/sysrq-trigger; sleep 900'],
    });
    expect({ status, outcome }).toEqual({ status: 125, outcome: 'panic' });
    expect(console).toContain('Kernel panic - not syncing: sysrq triggered crash');
  });

  it('fails a command under which the kernel warned, unless that is allowed', async () => {
    const command = ['sh', '-c', 'echo "<4>WARNING: CPU: 0 PID: 1 at a test" > /dev/kmsg; exit 5'];
    const refused = await runInVm({ command });
    expect({ status: refused.status, outcome: refused.outcome }).toEqual({ status: 125, outcome: 'warnings' });
    expect(refused.complaints).toHaveLength(1);
    const allowed = await runInVm({ command, warnings: 'allow' });
    expect({ status: allowed.status, outcome: allowed.outcome }).toEqual({ status: 5, outcome: 'exited' });
  });
});
