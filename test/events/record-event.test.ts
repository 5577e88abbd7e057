import { describe, expect, test } from 'vitest';
import { recordJudge } from '../../src/events/judge.js';
import type { KernelRecord } from '../../src/kernel/types.js';
import { allKnown, record, rulesOf } from './support.js';

/** What the evaluator says of an expression over a record. */
function truth(expression: string, changes: Partial<KernelRecord> = {}): boolean | 'unknown' {
  const [rule] = rulesOf(`  - {id: r, expression: ${JSON.stringify(expression)}}\n`);
  return recordJudge()(rule!, record(changes));
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
