import { chmodSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Protection } from '../../src/agent/protection.js';
import { protectedPrograms } from '../../src/agent/protection-files.js';
import { deviceOfMount, resolveFile } from '../../src/agent/protection-resolve.js';
import { AgentLog } from '../../src/telemetry/log.js';
import { FakeSession } from './fake-session.js';
import { LinesSink } from './lines-sink.js';

let directory: string;
let protection: Protection | undefined;
const at = (name: string) => join(directory, name);
const program = (name: string) => ({ path: at(name), protection: ['program'] as const });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'portcullis-protect-'));
});

afterEach(() => {
  protection?.end();
  protection = undefined;
  rmSync(directory, { recursive: true });
});

function bench() {
  const session = new FakeSession();
  const sink = new LinesSink();
  protection = new Protection({ session, log: new AgentLog(sink, 'debug') });
  return { session, sink, protection };
}

const install = (name: string) => {
  writeFileSync(at(`${name}.new`), '');
  chmodSync(at(`${name}.new`), 0o755);
  renameSync(at(`${name}.new`), at(name));
};

describe('the set', () => {
  test('is of inodes, follows links and says what is missing', () => {
    const { session, sink, protection } = bench();
    install('sshd');
    symlinkSync('sshd', at('link'));
    protection.use([program('link'), program('nowhere')]);
    const { ino } = statSync(at('sshd'), { bigint: true });
    expect(session.protected).toMatchObject([{ inode: ino, protection: ['program'] }]);
    expect(sink.entries).toMatchObject([
      { msg: 'protected', files: [at('link')] },
      { msg: 'protected-missing', level: 'debug', files: [at('nowhere')] },
    ]);
  });

  test('follows a package upgrade, without being told', async () => {
    const { session, protection } = bench();
    install('sshd');
    protection.use([program('sshd')]);
    const before = session.protected[0]!.inode;
    install('other');
    install('sshd');
    const { ino } = statSync(at('sshd'), { bigint: true });
    expect(ino).not.toBe(before);
    await expect.poll(() => session.protected[0]!.inode).toBe(ino);
  });

  test('that is too large for the kernel leaves the old one, loudly', () => {
    const { session, sink, protection } = bench();
    install('sshd');
    install('login');
    protection.use([program('sshd')]);
    const [old] = session.protected;
    session.protect = () => {
      throw new Error('no room');
    };
    protection.use([program('login')]);
    expect([session.protected, protection.count]).toEqual([[old], 1]);
    expect(sink.entries.at(-1)).toMatchObject({ level: 'error', msg: 'protected' });
  });

  test('leaves out a login program that is one file with a shell', () => {
    const { session, sink, protection } = bench();
    install('busybox');
    symlinkSync('busybox', at('login'));
    protection.use([
      { path: at('login'), protection: ['program', 'login'] },
      { path: at('busybox'), protection: ['shell'] },
    ]);
    expect(session.protected).toMatchObject([{ protection: ['shell'] }]);
    expect(sink.entries.at(-1)).toMatchObject({ msg: 'protected-shared', level: 'warn', files: [at('login')] });
  });
});

describe('a file', () => {
  test('has the device of its mount', () => {
    const mounts = '22 1 0:20 / /proc rw\n125 1 8:17 / /data rw - ext4 /dev/sdb1 rw\n';
    expect(deviceOfMount(125, mounts)).toBe(8 * 2 ** 20 + 17);
    expect(deviceOfMount(12, mounts)).toBeUndefined();
  });

  test('is nothing when it is a directory or not there', () => {
    expect(resolveFile(directory)).toBeUndefined();
    expect(resolveFile(at('nowhere'))).toBeUndefined();
  });
});

describe('what the configuration protects', () => {
  const shells = () => '# a comment\n/bin/sh\n';
  const paths = (kind: string, config: Parameters<typeof protectedPrograms>[0]) =>
    protectedPrograms(config, '/usr/bin/portcullis', shells)
      .filter(({ protection }) => (protection as string[]).includes(kind))
      .map(({ path }) => path);
  const defaults = { files: ['/opt/rescue'], logins: ['/opt/getty'], defaults: true };

  test('lets logins start shells', () => {
    expect(paths('login', defaults)).toEqual(expect.arrayContaining(['/usr/sbin/sshd', '/usr/bin/su', '/opt/getty']));
    expect(paths('login', defaults)).not.toContain('/opt/rescue');
    expect(paths('shell', defaults)).toEqual(['/bin/sh']);
  });

  test('never spares shells by themselves', () => {
    expect(paths('program', defaults)).toEqual(expect.arrayContaining(['/opt/rescue', '/usr/bin/portcullis']));
    expect(paths('program', defaults)).not.toContain('/bin/sh');
  });

  test('is only what is written, without the defaults', () => {
    expect(protectedPrograms({ files: ['/a'], logins: [], defaults: false }, '/usr/bin/portcullis', shells)).toEqual([
      { path: '/a', protection: ['program'] },
    ]);
  });
});

describe('processes that run already', () => {
  const files: Record<string, { inode: bigint; device: number }> = {
    '/sbin/sshd': { inode: 1n, device: 8 },
    '/bin/sh': { inode: 2n, device: 8 },
    '/proc/10/exe': { inode: 1n, device: 8 },
    '/proc/11/exe': { inode: 2n, device: 8 },
    '/proc/12/exe': { inode: 2n, device: 8 },
    '/proc/13/exe': { inode: 1n, device: 9 },
  };
  const parents: Record<number, number> = { 11: 10, 12: 13 };
  const running = () => {
    protection = new Protection({
      session: new FakeSession(),
      log: new AgentLog(new LinesSink(), 'debug'),
      resolve: (path) => files[path],
      parentOf: (pid) => parents[pid],
    });
    protection.use([
      { path: '/sbin/sshd', protection: ['program', 'login'] },
      { path: '/bin/sh', protection: ['shell'] },
    ]);
    return protection;
  };

  test.each([
    ['a protected program is spared', 10, true],
    ['a shell of a login is spared', 11, true],
    ['a shell of anything else is not', 12, false],
    ['the same inode of another device is not', 13, false],
    ['a process that is gone is not', 14, false],
  ])('%s', (_, pid, expected) => {
    expect(running().spares(pid)).toBe(expected);
  });

  test('a program that was upgraded meanwhile is spared still', () => {
    const upgraded = running();
    files['/sbin/sshd'] = { inode: 7n, device: 8 };
    upgraded.look();
    expect(upgraded.spares(10)).toBe(true);
    files['/sbin/sshd'] = { inode: 1n, device: 8 };
  });
});
