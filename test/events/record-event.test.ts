import { describe, expect, test } from 'vitest';
import type { ProcessFacts } from '../../src/events/processes.js';
import { ProcessTree } from '../../src/events/processes.js';
import { viewsOf } from '../../src/events/record-event.js';
import type { SceneParts } from '../../src/events/scene.js';
import type { KernelRecord } from '../../src/kernel/types.js';
import { evaluateViews } from '../../src/secl/index.js';
import { allKnown, everyoneIn, record, rulesOf, sceneOf } from './support.js';

/** What the evaluator says of an expression over a record. */
function truth(
  expression: string,
  changes: Partial<KernelRecord> = {},
  parts: Partial<SceneParts> = {},
): boolean | 'unknown' {
  const [rule] = rulesOf(`  - {id: r, expression: ${JSON.stringify(expression)}}\n`);
  return evaluateViews(rule!.expression, viewsOf(sceneOf(changes, parts)), { now: 5_000_000_000n });
}

describe('a record as the evaluator reads it', () => {
  test.each([
    ['exec.file.path == "/usr/bin/tool"', true],
    ['exec.file.name == "other"', false],
    ['exec.pid == 4242 && process.ppid == 4200 && process.tid == 4242', true],
    ['exec.uid == 1000 && process.gid == 1000 && process.euid == 0 && process.egid == 0', true],
    ['exec.file.mode & S_IXUSR > 0 && exec.file.rights == 0755 && exec.file.inode == 99', true],
    ['exec.comm == "tool" && exec.argv0 == "tool"', true],
    ['exec.args == "-x y" && exec.argv in ["y"] && exec.args_flags in ["x"] && exec.args_options in ["x=y"]', true],
    ['exec.args_truncated', false],
    ['exec.tty_name == ""', true],
    ['exec.interpreter.file.path == ""', true],
  ])('%s is %s', (expression, expected) => {
    expect(truth(expression)).toBe(expected);
  });

  test.each([
    ['the environment', 'exec.envs in ["A"]'],
    ['ancestors', 'exec.pid == 4242 && process.ancestors.file.name == "sh"'],
    ['the owner of the file', 'exec.file.uid == 0'],
    ['a container', 'exec.pid == 4242 && process.container.id == ""'],
  ])('%s is not in a record, so it is unknown and never false', (_, expression) => {
    expect(truth(expression)).toBe('unknown');
    expect(truth(`!(${expression})`)).toBe('unknown');
  });

  test('a path without its beginning is unknown', () => {
    expect(truth('exec.file.path == "/x"', { pathCut: true })).toBe('unknown');
    expect(truth('exec.file.path == "/x"', { path: undefined })).toBe('unknown');
  });

  test('a terminal that was not read is unknown, one that is not there is empty', () => {
    expect(truth('exec.tty_name == "pts0"', { known: 0n })).toBe('unknown');
    expect(truth('exec.tty_name == "pts0"', { known: allKnown })).toBe(false);
  });
});

describe('arguments that are cut', () => {
  const cut: Partial<KernelRecord> = { argsCut: true, argv: ['tool', '--pool', 'strat'] };

  test('what is there can hold, what might follow is unknown', () => {
    expect(truth('exec.argv in ["--pool"]', cut)).toBe(true);
    expect(truth('exec.argv in ["strat"]', cut)).toBe('unknown');
    expect(truth('exec.args =~ "--pool st*"', cut)).toBe(true);
    expect(truth('exec.args == "--pool strat"', cut)).toBe('unknown');
    expect(truth('exec.args_truncated', cut)).toBe(true);
  });

  test('arguments that nobody read are unknown, those that do not exist are empty', () => {
    expect(truth('exec.args == ""', { argv: [], known: 0n })).toBe('unknown');
    expect(truth('exec.argv0 == "x"', { argv: [], known: 0n })).toBe('unknown');
    expect(truth('exec.args == ""', { argv: ['tool'] })).toBe(true);
  });

  test('arguments whose end was not reached are no complete list', () => {
    expect(truth('exec.argv in ["z"]', { known: 0n })).toBe('unknown');
  });
});

describe('views of a script', () => {
  const script: Partial<KernelRecord> = {
    levels: 2,
    path: '/tmp/run.sh',
    name: 'run.sh',
    interpreterPath: '/tmp/xmrig',
    interpreterName: 'xmrig',
  };

  test('a rule holds if it holds for the script or for its interpreter', () => {
    expect(truth('exec.file.name == "run.sh"', script)).toBe(true);
    expect(truth('exec.file.name == "xmrig"', script)).toBe(true);
    expect(truth('exec.interpreter.file.name == "xmrig"', script)).toBe(true);
    expect(truth('exec.file.name == "other"', script)).toBe(false);
  });

  test('of a deeper chain the levels between are unknown', () => {
    expect(truth('exec.file.name == "other"', { ...script, levels: 3 })).toBe('unknown');
  });
});

describe('where the process is', () => {
  const id = '0123456789abcdef'.repeat(4);
  const inContainer = { cgroups: everyoneIn(`/system.slice/docker-${id}.scope`) };
  const onHost = { cgroups: everyoneIn('/user.slice') };

  test.each([
    [`container.id == "${id}" && container.runtime == "docker"`, inContainer, true],
    ['process.container.id == ""', inContainer, false],
    ['process.container.id == "" && container.created_at == 0', onHost, true],
    ['cgroup.id == "/user.slice" && cgroup.file.inode == 77', onHost, true],
    ['process.container.id == ""', {}, 'unknown'],
    // Ids have other names in a container.
    ['exec.user == "alice" && exec.euser == "root" && exec.group == "staff"', onHost, true],
    ['exec.user == "alice"', inContainer, 'unknown'],
  ] as const)('%s is %s', (expression, parts, expected) => {
    expect(truth(`exec.pid == 4242 && ${expression}`, { cgroup: 77n }, parts)).toBe(expected);
  });
});

test('times are those of the epoch', () => {
  // The host booted at the epoch; the process is a second old.
  expect(truth('exec.created_at == 4000000000')).toBe(true);
  expect(truth('exec.created_at < 2s && exec.created_at > 500ms')).toBe(true);
  expect(truth('event.timestamp == 5000000000 && exec.pid > 0')).toBe(true);
});

describe('lineage', () => {
  const facts = (pid: number, ppid: number, path: string): ProcessFacts => ({
    pid,
    ppid,
    comm: path.slice(path.lastIndexOf('/') + 1),
    path,
    start: 1_000_000_000n,
    source: 'proc',
  });

  function over(...processes: ProcessFacts[]): Partial<SceneParts> {
    const find = (pid: number) => processes.find((each) => each.pid === pid);
    return { processes: new ProcessTree({ process: find, program: () => undefined, pids: () => [] }) };
  }

  const family = over(facts(4200, 300, '/bin/sh'), facts(300, 0, '/sbin/init'));

  test.each([
    ['process.parent.file.path == "/bin/sh"', true],
    ['process.parent.file.name == "init"', false],
    ['process.parent.pid == 4200 && process.parent.ppid == 300', true],
    ['process.parent.created_at > 3s', true],
    ['process.ancestors.file.name == "init"', true],
    ['process.ancestors.file.name == "nginx"', false],
    ['process.ancestors[A].file.name == "init" && process.ancestors[A].pid == 4200', false],
    ['process.ancestors.length == 2', true],
    ['process.parent.args == ""', 'unknown'],
  ])('%s is %s', (expression, expected) => {
    expect(truth(`exec.pid == 4242 && ${expression}`, {}, family)).toBe(expected);
  });

  test('what is not known above is unknown and never false', () => {
    expect(truth('exec.pid == 4242 && process.parent.file.name == "x"')).toBe('unknown');
    const cut = over(facts(4200, 300, '/bin/sh'));
    expect(truth('exec.pid == 4242 && process.ancestors.file.name == "x"', {}, cut)).toBe('unknown');
    expect(truth('exec.pid == 4242 && process.ancestors.file.name == "sh"', {}, cut)).toBe(true);
  });

  test('a process without parent has the zero values of one', () => {
    expect(truth('exec.pid == 4242 && process.parent.file.name == ""', { ppid: 0 })).toBe(true);
  });

  test('a parent whose exec was reported has all that it said', () => {
    const { processes } = family as { processes: ProcessTree };
    processes.remember(record({ pid: 4200, path: '/bin/sh', argv: ['sh', '-c', 'x'], start: 1_000_000_000n, uid: 7 }));
    const parts = { processes };
    expect(truth('exec.pid == 4242 && process.parent.args == "-c x" && process.parent.uid == 7', {}, parts)).toBe(true);
    // In /proc it runs something else by now: then what the exec said is over.
    processes.remember(record({ pid: 4200, path: '/bin/other', argv: ['other'], start: 1_000_000_000n }));
    processes.refresh();
    expect(truth('exec.pid == 4242 && process.parent.args == ""', {}, parts)).toBe('unknown');
  });
});

describe('a script above the process', () => {
  const processes = new ProcessTree({ process: () => undefined, program: () => undefined, pids: () => [] });
  const script = { levels: 2, path: '/opt/deploy', name: 'deploy', interpreterPath: '/bin/sh', interpreterName: 'sh' };
  processes.remember(record({ pid: 4200, ppid: 0, start: 1_000_000_000n, argv: ['sh', '/opt/deploy'], ...script }));

  test.each([
    ['process.parent.file.name == "deploy"', true],
    ['process.parent.file.name == "sh"', true],
    ['process.parent.file.name != "sh"', false],
    ['process.parent.file.name == "x"', false],
    ['process.ancestors[A].file.name == "deploy" && process.ancestors[A].interpreter.file.name == "sh"', true],
    ['process.ancestors[A].file.name == "sh" && process.ancestors[A].interpreter.file.name == "sh"', false],
    ['process.ancestors.file.name == "sh"', true],
    ['process.ancestors.file.name not in ["deploy"]', false],
    ['process.ancestors.length == 1', true],
  ])('%s is %s', (expression, expected) => {
    expect(truth(`exec.pid == 4242 && ${expression}`, {}, { processes })).toBe(expected);
  });
});

describe('the end of a process', () => {
  const exit: Partial<KernelRecord> = {
    ...{ event: 'exit', verdict: 'none', known: 0n, argv: [], path: undefined, name: undefined, levels: 0, mode: 0 },
    ...{ inode: 0n, comm: 'late', uid: 9, exitCode: 3 << 8 },
  };

  test('says how it ended', () => {
    expect(truth('exit.cause == EXITED && exit.code == 3', exit)).toBe(true);
    expect(truth('exit.cause == SIGNALED && exit.code == 9', { ...exit, exitCode: 9 })).toBe(true);
    expect(truth('exit.cause == COREDUMPED && exit.code == 11', { ...exit, exitCode: 0x8b })).toBe(true);
  });

  test('carries the program of its exec, and the ids it has now', () => {
    const processes = new ProcessTree({ process: () => undefined, program: () => undefined, pids: () => [] });
    processes.remember(record());
    const parts = { processes };
    expect(truth('exit.file.path == "/usr/bin/tool" && process.args == "-x y" && exit.is_exec', exit, parts)).toBe(
      true,
    );
    expect(truth('exit.uid == 9 && exit.comm == "late"', exit, parts)).toBe(true);
    expect(truth('exit.file.name == "tool"', { ...exit, start: 3_000_000_000n }, parts)).toBe('unknown');
  });

  test('of a program that nobody saw is unknown', () => {
    expect(truth('exit.file.name == "tool"', exit)).toBe('unknown');
    expect(truth('exit.interpreter.file.name == ""', exit)).toBe('unknown');
    expect(truth('exit.args == ""', exit)).toBe('unknown');
  });
});
