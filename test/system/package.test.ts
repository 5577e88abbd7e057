import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildDeb } from '../../scripts/lib/deb/build.mjs';
import { SystemMachine } from '../../scripts/lib/system/machine.mjs';
import { idleCosts } from './idle.js';
import { Service } from './service.js';

// One story on one machine: each test goes on where the one before it ended.
let directory: string;
let machine: SystemMachine;
let service: Service;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'portcullis-packages-'));
  const [now, next] = await Promise.all([buildDeb({ directory }), buildDeb({ directory, version: '99.0.0' })]);
  // An emulated machine on a busy host may take minutes to start a program of this size; and nobody waits for a minute to
  // see a watchdog bark.
  const patient = join(directory, 'patient.conf');
  writeFileSync(patient, '[Service]\nTimeoutStartSec=10min\nWatchdogSec=30s\n');
  const override = '/etc/systemd/system/portcullis.service.d/patient.conf';
  machine = await SystemMachine.boot({ files: { '/srv/now.deb': now, '/srv/next.deb': next, [override]: patient } });
  service = new Service(machine);
  await machine.must('cp /bin/true /tmp/xmrig; find / -xdev | sort > /srv/before');
});

afterAll(async () => {
  await machine?.end();
  rmSync(directory, { recursive: true, force: true });
});

test('installs without a compiler or a network, and starts in monitor', async () => {
  await machine.must('! command -v cc; dpkg -i /srv/now.deb');
  expect(await machine.must('systemctl is-active portcullis; systemctl is-enabled portcullis')).toBe(
    'active\nenabled\n',
  );
  expect(await service.show('StatusText')).toMatch(/^Tier lsm, \d+ rules in force, generation \d+\.$/);
  const log = await service.log();
  // Ready is said to systemd after the self-test and with a policy in force.
  expect(log.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['tier', 'self-test', 'image-active', 'ready']));
  expect((await machine.run('/tmp/xmrig')).status).toBe(0);
  const event = await service.event((found) => found.portcullis.verdict === 'report');
  expect(event.file.path).toBe('/tmp/xmrig');
  // As docs/journal.md has it.
  const kept = await machine.must(
    "cut -c10- /var/lib/portcullis/journal/*.journal | jq -r '[.date, .agent.rule_id, .portcullis.verdict] | @tsv'",
  );
  expect(kept).toMatch(/\tcryptominer_name\treport\n/);
  expect(await machine.must('stat -c %a /var/lib/portcullis /run/portcullis /var/log/portcullis')).toBe(
    '700\n700\n700\n',
  );
  expect(await machine.must('portcullis policy check /etc/portcullis/policies')).toContain('13 rules');
});

test('is exposed no more than 3.0, and works with that', async () => {
  const analysis = await machine.must('systemd-analyze security --no-pager portcullis.service');
  const score = Number(/Overall exposure level for portcullis.service: ([\d.]+)/.exec(analysis)?.[1]);
  console.log(`systemd-analyze security: ${score}`);
  expect(score).toBeGreaterThan(0);
  expect(score).toBeLessThanOrEqual(3.0);
  const inside = `nsenter -m -t ${await service.show('MainPID')} sh -c`;
  await machine.must(`${inside} 'mkdir /sys/fs/bpf/portcullis/try && rmdir /sys/fs/bpf/portcullis/try'`);
  await machine.must(`${inside} 'touch /var/lib/portcullis/try && rm /var/lib/portcullis/try'`);
  for (const path of ['/etc/portcullis/try', '/usr/lib/portcullis/try', '/sys/fs/bpf/try', '/root/try'])
    expect((await machine.run(`${inside} 'mkdir ${path}'`)).status).toBe(1);
});

test('enforces when the policy says so and the unit is reloaded', async () => {
  await machine.must(`
    sed -i 's/^mode: monitor/mode: enforce/' /etc/portcullis/policies/cryptominer.policy
    systemctl reload portcullis
  `);
  await service.eventually(async () => /Last reload: done/.test(await service.show('StatusText')));
  const refused = await machine.run('/tmp/xmrig');
  expect(refused.status).toBe(126);
  expect(refused.stderr).toContain('Operation not permitted');
  await service.event((found) => found.portcullis.verdict === 'refuse');
});

test.each(['KILL', 'TERM', 'STOP'])('root cannot send it SIG%s, and the log says who tried', async (signal) => {
  const pid = await service.show('MainPID');
  const tried = await machine.run(`kill -${signal} ${pid}`);
  expect(tried).toMatchObject({ status: 1, stderr: expect.stringContaining('Operation not permitted') });
  expect(await service.show('MainPID')).toBe(pid);
  await service.eventually(async () =>
    (await service.log()).some(({ msg, hook, uid }) => msg === 'tamper' && hook === 'task_kill' && uid === 0),
  );
});

// A whole one for people: `PORTCULLIS_IDLE_SECONDS=600 npm run test:system -- package`.
test('left alone it takes next to nothing, with every hook of the kernel in place', async () => {
  const seconds = Number(process.env.PORTCULLIS_IDLE_SECONDS ?? 60);
  const { share, slowdown, residentBytes, wakeUps, ...looked } = await idleCosts(
    machine,
    await service.show('MainPID'),
    seconds,
  );
  console.log(
    `idle for ${looked.seconds.toFixed(0)} s, tier lsm, enforcing: ${share.toFixed(3)} % of a core in a machine that is ` +
      `${slowdown.toFixed(1)} times slower, ${(share / slowdown).toFixed(4)} % of one of this host; ` +
      `${(residentBytes / 1e6).toFixed(1)} MB resident; ${wakeUps.toFixed(1)} wake-ups a second`,
  );
  expect(share).toBeGreaterThan(0);
  expect(share / slowdown).toBeLessThan(0.2);
  expect(residentBytes).toBeLessThan(110e6);
});

/** Tries a refused program without pause while something happens, and says which statuses it got. */
async function triedDuring(act: () => Promise<void>): Promise<string[]> {
  await machine.must(`rm -f /srv/enough /srv/statuses /srv/over
    cat > /srv/storm << 'END'
    until [ -e /srv/enough ]; do /tmp/xmrig 2> /dev/null; echo $?; sleep 0.2; done > /srv/statuses
    touch /srv/over
END
    setsid sh /srv/storm < /dev/null > /dev/null 2>&1 &`);
  await act();
  await machine.must('touch /srv/enough; until [ -e /srv/over ]; do sleep 0.1; done');
  return (await machine.must('sort -u /srv/statuses')).trimEnd().split('\n');
}

test('is killed and comes back, and meanwhile the kernel goes on refusing', async () => {
  const statuses = await triedDuring(() => service.replacedAfter('systemctl kill --kill-whom=main -s KILL portcullis'));
  expect(statuses).toEqual(['126']);
  expect((await service.log()).map(({ msg }) => msg)).toContain('pins-adopted');
});

// A signal that nobody asked the unit's stop for is no reason to stay away.
test('comes back from SIGTERM, and goes on enforcing', async () => {
  await service.replacedAfter('systemctl kill --kill-whom=main -s TERM portcullis');
  expect((await machine.run('/tmp/xmrig')).status).toBe(126);
});

test('comes back when its event loop stands still', async () => {
  const timeouts = 'journalctl -u portcullis -o cat | grep -c "Watchdog timeout" || true';
  expect(await machine.must(timeouts)).toBe('0\n');
  await service.replacedAfter('systemctl kill --kill-whom=main -s STOP portcullis');
  expect(await machine.must(timeouts)).toBe('1\n');
});

test('a configuration it cannot use ends it for good, with a sentence', async () => {
  await machine.must(
    'cp /etc/portcullis/portcullis.yaml /srv/yaml; echo "plicies: [x]" >> /etc/portcullis/portcullis.yaml',
  );
  expect((await machine.run('systemctl restart portcullis')).status).toBe(1);
  expect(await machine.must('systemctl is-failed portcullis')).toBe('failed\n');
  expect(await machine.must('journalctl -u portcullis -o cat')).toContain('Unknown key `plicies`');
  await machine.must('cp /srv/yaml /etc/portcullis/portcullis.yaml');
});

test('an upgrade goes on with the new version and with what the administrator wrote, and refuses all the while', async () => {
  const before = (await machine.run('systemctl restart portcullis; systemctl is-active portcullis')).stdout;
  expect(before).toBe('active\n');
  const statuses = await triedDuring(async () => {
    await machine.must('dpkg -i /srv/next.deb');
  });
  expect(statuses).toEqual(['126']);
  expect(await machine.must('portcullis --version')).toBe('99.0.0\n');
  expect(await machine.must('systemctl is-active portcullis')).toBe('active\n');
  const tier = (await service.log()).filter(({ msg }) => msg === 'tier').at(-1);
  expect(tier?.version).toBe('99.0.0');
  expect((await machine.run('/tmp/xmrig')).status).toBe(126);
});

test('the boot parameter keeps unit and agent from starting', async () => {
  await machine.restart('orderly', { cmdline: 'portcullis=off' });
  expect(await machine.must('systemctl show -P ConditionResult portcullis')).toBe('no\n');
  expect((await machine.run('systemctl is-active portcullis')).stdout).toBe('inactive\n');
  expect(await machine.must('cp /bin/true /tmp/xmrig; /tmp/xmrig; portcullis run')).toBe(
    'portcullis: not started, because the kernel was booted with portcullis=off\n',
  );
});

test('at boot, it decides before everything that is ordinary is started', async () => {
  await machine.restart('orderly', { cmdline: '' });
  await machine.must('systemctl is-system-running --wait');
  const cached = (await service.log()).find(({ msg }) => msg === 'image-cached');
  expect(cached).toBeDefined();
  const entered = (unit: string) =>
    machine.must(`systemctl show -P ActiveEnterTimestampMonotonic ${unit}`).then(Number);
  const enforced = await entered('portcullis.service');
  expect(enforced).toBeGreaterThan(0);
  for (const unit of ['sysinit.target', 'network-pre.target', 'basic.target', 'multi-user.target', 'dbus.socket'])
    expect(await entered(unit), unit).toBeGreaterThanOrEqual(enforced);
  const first = Number(await machine.must('systemctl show -P UserspaceTimestampMonotonic'));
  const began = Number(await machine.must('systemctl show -P InactiveExitTimestampMonotonic portcullis.service'));
  const seconds = (microseconds: number) => (microseconds / 1e6).toFixed(1);
  console.log(
    `boot window: ${seconds(enforced - first)} s from pid 1 to the first enforced exec, ` +
      `${seconds(enforced - began)} s of it the agent's start (emulated machine); what was in force last decided after ` +
      `${Number(cached!.sinceStart) / 1e3} s of that`,
  );
  await machine.must('cp /bin/true /tmp/xmrig');
  expect((await machine.run('/tmp/xmrig')).status).toBe(126);
});

test('removed, it leaves its configuration; purged, it leaves nothing', async () => {
  // what an agent left on purpose, and protected, goes too
  await machine.must("sed -i 's/on_stop: release/on_stop: keep/' /etc/portcullis/portcullis.yaml");
  await machine.must('systemctl restart portcullis && systemctl stop portcullis && ls /sys/fs/bpf/portcullis/*');
  expect((await machine.run('/tmp/xmrig')).status).toBe(126);
  expect((await machine.run('rm -rf /sys/fs/bpf/portcullis')).status).toBe(1);
  await machine.must('dpkg -r portcullis');
  expect((await machine.run('systemctl is-active portcullis; pgrep -f portcullis/bin')).stdout).toBe('inactive\n');
  await machine.must('/tmp/xmrig; ! test -e /sys/fs/bpf/portcullis; ! test -e /usr/lib/portcullis');
  expect(await machine.must('ls /etc/portcullis /var/lib')).toMatch(/policies\nportcullis\.yaml[\s\S]*\nportcullis\n/);
  await machine.must('dpkg -P portcullis');
  await machine.must('rm -f /tmp/xmrig; find / -xdev | sort > /srv/after');
  // What the system itself writes meanwhile is not ours.
  const others = '^/srv/|^/var/lib/systemd/|^/var/lib/dpkg/|^/var/log/|^/var/tmp/systemd-private-';
  expect(await machine.must(`comm -13 /srv/before /srv/after | grep -vE '${others}' || true`)).toBe('');
  const traces =
    "grep -rl 'portcullis\\.service' /var/lib/dpkg /var/lib/systemd || true; ls -d /run/portcullis || true";
  expect(await machine.must(traces)).toBe('');
  expect(machine.complaints).toEqual([]);
});

test('a second package of the same sources has the same bytes, with a bill of materials of what is in it', async () => {
  const other = mkdtempSync(join(tmpdir(), 'portcullis-again-'));
  try {
    const [one, two] = await Promise.all([
      buildDeb({ directory, epoch: 1_700_000_000 }),
      buildDeb({ directory: other, epoch: 1_700_000_000 }),
    ]);
    execFileSync('cmp', [one, two]);
    execFileSync('dpkg-deb', ['-x', one, join(other, 'x')]);
    const listed = execFileSync('jq', [
      '-r',
      '.components[].name',
      join(other, 'x/usr/share/doc/portcullis/sbom.cdx.json'),
    ]);
    expect(String(listed).split('\n')).toEqual(expect.arrayContaining(['pino', 'zod', 'libbpf1']));
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});
