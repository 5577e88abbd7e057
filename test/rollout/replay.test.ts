import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { EventJson } from '../../src/events/event.js';
import { run } from '../cli/support.js';

const base = mkdtempSync(join(tmpdir(), 'replay-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

type Parts = {
  path?: string;
  args?: string[];
  cut?: boolean;
  interpreter?: string;
  parents?: string[];
  container?: string;
  record?: string;
  name?: 'exec' | 'exit';
};

function event({
  path = '/usr/bin/true',
  args = [],
  cut = false,
  interpreter,
  parents = [],
  container,
  record = 'r',
  name = 'exec',
}: Parts): EventJson {
  const base = (text: string) => text.slice(text.lastIndexOf('/') + 1);
  const ancestors = parents.map((parent, at) => ({
    pid: 100 - at,
    comm: base(parent),
    executable: { path: parent, name: base(parent) },
    source: 'record' as const,
  }));
  return {
    agent: { rule_id: 'all', rule_actions: [], version: '1', os: 'linux', arch: 'amd64', origin: 'ebpf' },
    title: 'all',
    date: '2026-01-01T00:00:00.000Z',
    evt: { name, category: 'Process Activity', outcome: 'Success', matched_rules: [] },
    file: { path, name: base(path), inode: '9007199254740993', mode: 0o100755 },
    process: {
      pid: 200,
      ppid: 100,
      tid: 200,
      uid: 1000,
      gid: 1000,
      user: 'alice',
      comm: base(path),
      created_at: '2026-01-01T00:00:00.000Z',
      executable: { path, name: base(path) },
      ...(interpreter !== undefined && { interpreter: { path: interpreter, name: base(interpreter) } }),
      argv0: path,
      args,
      args_truncated: cut,
      credentials: { uid: 1000, gid: 1000, euid: 0, egid: 0 },
      ancestors,
    },
    ...(container !== undefined && { container: { id: container, runtime: 'docker' } }),
    cgroup: { id: '/system.slice', inode: '1' },
    usr: { id: 'alice' },
    tags: [],
    portcullis: {
      verdict: 'report',
      tier: 'lsm',
      generation: 1,
      record,
      rules: [],
      unknown: [],
      missing: [],
      levels: interpreter === undefined ? 1 : 2,
    },
  };
}

let files = 0;
function policy(expression: string, actions = '[{deny: {}}]'): string {
  const file = join(base, `p${++files}.policy`);
  writeFileSync(file, `rules:\n  - id: r\n    expression: ${JSON.stringify(expression)}\n    actions: ${actions}\n`);
  return file;
}
function record(events: EventJson[], name = `e${++files}.log`): string {
  const file = join(base, name);
  writeFileSync(file, events.map((each) => `${JSON.stringify({ level: 'info', msg: 'event', ...each })}\n`).join(''));
  return file;
}
const replayed = async (expression: string, events: EventJson[] | string, actions?: string) => {
  const path = typeof events === 'string' ? events : record(events);
  return JSON.parse((await run(['policy', 'replay', policy(expression, actions), '--events', path, '--json'])).stdout);
};
const answer = async (expression: string, parts: Parts): Promise<true | false | 'unknown'> => {
  const { rules } = await replayed(`exec.pid == 200 && (${expression})`, [event(parts)], '[]');
  return rules[0].execs === 1 ? true : rules[0].unknown === 1 ? 'unknown' : false;
};

describe('a recorded exec', () => {
  it.each([
    ['exec.file.path == "/tmp/x"', { path: '/tmp/x' }, true],
    ['exec.file.name == "x"', { path: '/tmp/y' }, false],
    ['exec.args in [~"*stratum+tcp*"]', { args: ['-o', 'stratum+tcp://pool'] }, true],
    ['exec.args_flags in ["o"]', { args: ['-o', 'pool'] }, true],
    ['exec.args in [~"*stratum+tcp*"]', { args: ['-o'], cut: true }, 'unknown'],
    ['exec.args in [~"*stratum+tcp*"]', { args: ['stratum+tcp'], cut: true }, true],
    ['exec.uid == 1000 && exec.euid == 0 && exec.user == "alice"', {}, true],
    ['exec.user == "alice"', { container: 'c1' }, 'unknown'],
    ['container.id == "c1"', { container: 'c1' }, true],
    ['container.id != ""', {}, false],
    ['exec.file.inode == 9007199254740993', {}, true],
    ['exec.file.uid == 0', {}, 'unknown'],
    ['exec.envs in ["LD_PRELOAD"]', {}, 'unknown'],
    ['process.parent.file.name == "sshd"', { parents: ['/usr/sbin/sshd', '/sbin/init'] }, true],
    ['process.ancestors.file.name == "init"', { parents: ['/usr/sbin/sshd', '/sbin/init'] }, true],
    ['process.ancestors.file.name == "cron"', { parents: ['/usr/sbin/sshd'] }, false],
    ['process.parent.uid == 0', { parents: ['/usr/sbin/sshd'] }, 'unknown'],
    ['process.parent.file.name == "sshd"', {}, 'unknown'],
    ['exec.file.path == "/tmp/s.sh"', { path: '/tmp/s.sh', interpreter: '/bin/dash' }, true],
    ['exec.file.path == "/bin/dash"', { path: '/tmp/s.sh', interpreter: '/bin/dash' }, true],
    ['exec.interpreter.file.path == "/bin/dash"', { path: '/tmp/s.sh', interpreter: '/bin/dash' }, true],
    ['exec.interpreter.file.path == "/bin/dash"', {}, false],
  ] as [string, Parts, boolean | 'unknown'][])('%s on %j: %s', async (expression, parts, expected) => {
    expect(await answer(expression, parts)).toBe(expected);
  });
});

describe('policy replay', () => {
  it('does not know what variables held', async () => {
    const { rules } = await replayed(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how SECL writes a variable
      'exec.file.name == "true" && ${process.seen} == 1',
      [event({})],
      '[{set: {name: seen, value: 1, scope: process}}]',
    );
    expect(rules[0]).toMatchObject({ execs: 0, unknown: 1 });
  });

  it('says what would have been stopped, by program', async () => {
    const events = [
      event({ path: '/tmp/xmrig', args: ['-o', 'pool'], record: '1' }),
      event({ path: '/tmp/xmrig', record: '2' }),
      event({ path: '/usr/bin/ls', record: '3' }),
      event({ name: 'exit', record: '4' }),
    ];
    const { status, stdout } = await run([
      'policy',
      'replay',
      policy('exec.file.name == "xmrig"'),
      '--events',
      record(events),
    ]);
    expect(status).toBe(1);
    expect(stdout).toContain('r  2 execs refused before exec\n       2  /tmp/xmrig  /tmp/xmrig -o pool');
    expect(stdout).toContain('2 of 3 execs would have been stopped; 1 other events left out');
  });

  it('ends with 0 where nothing would have been', async () => {
    const { status, stdout } = await run([
      'policy',
      'replay',
      policy('exec.file.name == "xmrig"'),
      '--events',
      record([event({})]),
    ]);
    expect([status, stdout]).toEqual([0, '0 of 1 exec would have been stopped\n']);
  });

  it('reads a directory: logs, journals, what rotation compressed; each event once', async () => {
    const directory = mkdtempSync(join(base, 'd'));
    const line = (parts: Parts) => JSON.stringify({ msg: 'event', time: 'x', ...event(parts) });
    writeFileSync(join(directory, 'a.log'), `${line({ record: '1' })}\n{"msg":"ready"}\n{broken\nnoise\n`);
    writeFileSync(join(directory, 'a.log.1.gz'), gzipSync(`${line({ record: '2' })}\n${line({ record: '1' })}\n`));
    const text = line({ record: '3' });
    writeFileSync(join(directory, '0001.journal'), `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`);
    expect(await replayed('exec.file.name == "true"', directory)).toMatchObject({
      execs: 3,
      stopped: 3,
      folded: 1,
      malformed: 2,
    });
  });

  it('counts events that are none as not readable, and goes on', async () => {
    const file = join(base, 'odd.log');
    writeFileSync(
      file,
      `{"evt":{"name":"exec"}}\n{"evt":{"name":"exec"},"file":{"path":1},"process":{}}\n${JSON.stringify(event({}))}\n`,
    );
    expect(await replayed('exec.file.name == "true"', file)).toMatchObject({ execs: 1, malformed: 2 });
  });

  it('says when there is nothing to read', async () => {
    const nowhere = join(base, 'nowhere');
    const { status, stderr } = await run(['policy', 'replay', policy('exec.uid == 0'), '--events', nowhere]);
    expect(status).toBe(2);
    expect(stderr).toContain(`Cannot read ${nowhere}: there is no such file.`);
  });
});
