import { describe, expect, test } from 'vitest';
import { SeclError } from '../../../src/secl/errors.js';
import { compile, errorOf, type World } from '../scope.js';

/** What is wrong with an expression, and where. Type errors point at the operand, operator errors at the comparison. */
const table: readonly [string, string, string][] = [
  ['unknown field', 'process.foo == 1', 'unknown-name 1:1'],
  ['unknown field later', 'true && process.foo == 1', 'unknown-name 1:9'],
  ['unknown macro', 'exec.file.name in MINERS', 'unknown-name 1:19'],
  ['unknown variable', `process.pid == \${x}`, 'unknown-name 1:16'],
  ['a field is no variable', `process.uid == \${process.uid}`, 'unknown-name 1:16'],
  ['unknown variable in a string', `exec.comm == "a\${x}"`, 'unknown-name 1:14'],
  ['unknown field reference', '%{process.foo} == 1', 'unknown-name 1:1'],
  ['a register in a field reference', '%{process.ancestors[A].pid} == 1', 'unknown-name 1:1'],
  ['field without .length', 'exec.argv.length == 1', 'unknown-name 1:1'],

  ['a string is no number', 'process.pid == "x"', 'type 1:16'],
  ['a number is no string', 'exec.comm == 1', 'type 1:14'],
  ['a pattern is no number', 'process.pid == ~"x"', 'type 1:16'],
  ['a boolean is no number', 'process.pid == true', 'type 1:16'],
  ['a number is no boolean', 'process.is_kworker == 1', 'type 1:23'],
  ['an address is no string', 'exec.comm == 1.2.3.4', 'type 1:14'],
  ['a string is no address', 'bind.addr.ip == "1.2.3.4"', 'type 1:17'],
  ['array of strings on the right', '"a" == exec.argv', 'type 1:8'],
  ['array of booleans on the right', 'true == process.ancestors.is_thread', 'type 1:9'],
  ['a rule is a boolean', 'process.pid', 'type 1:1'],
  ['a string is no truth', 'exec.comm && true', 'type 1:1'],
  ['a number is no truth', 'true && 5', 'type 1:9'],
  ['an array of booleans is no truth', 'process.ancestors.is_thread', 'type 1:1'],
  ['not of a number', '!process.pid == 1', 'type 1:2'],
  ['minus of a string', '-exec.comm == 1', 'type 1:2'],
  ['complement of a boolean', '^true == 1', 'type 1:2'],
  ['sum with a string', 'process.pid + "a" == 1', 'type 1:15'],
  ['sum with an array', 'process.ancestors.pid + 1 == 1', 'type 1:1'],
  ['bits of a string', 'process.pid & "a" == 1', 'type 1:15'],
  ['in a list of another type', 'process.pid in ["a"]', 'type 1:16'],
  ['in a list of another type', 'exec.comm in [1]', 'type 1:14'],
  ['in a scalar', 'exec.comm in process.comm', 'type 1:14'],
  ['addresses in numbers', 'bind.addr.ip in [1]', 'type 1:17'],
  ['a list that is an array field left of in', 'process.ancestors.is_thread in [true]', 'type 1:1'],
  ['constants of two types', 'process.pid in [EPERM, true]', 'type 1:24'],
  ['an index on a scalar', 'process.pid[0] == 1', 'type 1:1'],
  ['a chain compares with the rest', '1 == 1 == true', 'type 1:11'],

  ['order of strings', 'exec.comm < "a"', 'operator 1:1'],
  ['order of booleans', 'process.is_kworker > true', 'operator 1:1'],
  ['order of addresses', 'bind.addr.ip < 1.2.3.4', 'operator 1:1'],
  ['a pattern operator on numbers', 'process.pid =~ 5', 'operator 1:1'],
  ['inequality of ages', 'process.created_at != 5s', 'operator 1:1'],
  ['equality of ages of an array', 'process.ancestors.created_at == 5s', 'operator 1:1'],
  ['both sides of & vary', 'process.uid & process.gid == 0', 'operator 1:15'],

  ['a pattern that is no literal', 'exec.comm =~ process.comm', 'pattern 1:14'],
  ['an array against a pattern that is no literal', 'exec.argv !~ process.comm', 'pattern 1:14'],
  ['** outside paths', 'exec.comm == ~"a**"', 'pattern 1:14'],
  ['** outside paths, in a list', 'exec.comm in ["b", ~"a**"]', 'pattern 1:20'],
  ['two **', 'exec.file.path == ~"/a/**/b/**"', 'pattern 1:19'],
  ['a regular expression on a path', 'exec.file.path == r"x"', 'pattern 1:19'],
  ['a regular expression on a path, in a list', 'exec.file.path in ["/a", r"x"]', 'pattern 1:26'],
  ['a relative path', 'exec.file.path == "bin/ls"', 'pattern 1:19'],
  ['a path with ..', 'exec.file.path == "/a/../b"', 'pattern 1:19'],
  ['a path with //', 'exec.file.path == "/a//b"', 'pattern 1:19'],
  ['a path that ends in /', 'exec.file.path == "/a/"', 'pattern 1:19'],
  ['a long segment', `exec.file.path == "/${'a'.repeat(256)}"`, 'pattern 1:19'],
  ['a broken regular expression', 'exec.comm == r"("', 'pattern 1:14'],
  ['look-ahead', 'exec.comm == r"a(?=b)"', 'pattern 1:14'],

  ['an octet too large', 'bind.addr.ip == 1.2.3.256', 'value 1:17'],
  ['a mask too large', 'bind.addr.ip in [10.0.0.0/33]', 'value 1:18'],
  ['the unspecified address', 'bind.addr.ip == ::', 'value 1:17'],

  ['no register name', 'process.ancestors[].pid == 1', 'register 1:1'],
  ['a blank register', 'process.ancestors[_].pid == 1', 'register 1:1'],
  ['two registers', 'process.ancestors[A].pid == 1 && process.ancestors[B].pid == 2', 'register 1:34'],
  [
    'one register on two iterators',
    'ptrace.tracee.ancestors[A].pid == 1 && process.ancestors[A].pid == 2',
    'register 1:40',
  ],
  ['a register on no iterator', 'exec.argv[A] == "x"', 'register 1:1'],
  ['two brackets', 'process.ancestors[A].argv[B] == "x"', 'register 1:1'],
  ['an iterator alone', 'process.ancestors[0] == 1', 'register 1:1'],

  ['two events', 'exec.comm == "a" && open.flags == 1', 'event-mix 1:21'],
  ['network fields in exec', 'exec.comm == "a" && network.size == 1', 'event-mix 1:21'],
];

describe('errors', () => {
  test.each(table)('%s: %s', (_, text, expected) => {
    expect(errorOf(text)).toBe(expected);
  });

  test('lines count in expressions of several lines', () => {
    expect(errorOf('exec.comm == "a"\n  && process.foo == 1')).toBe('unknown-name 2:6');
  });

  test('a misspelt field gets a suggestion', () => {
    expect(() => compile('exec.file.nmae == "x"')).toThrow(
      expect.objectContaining({ help: expect.stringContaining('exec.file.name') }),
    );
    expect(() => compile(`process.pid == \${process.uid}`)).toThrow(
      expect.objectContaining({ help: 'a field is written %{process.uid}' }),
    );
  });

  test('what is allowed stays allowed', () => {
    for (const text of [
      'exec.comm == "a" && process.pid == 1 && container.id != ""',
      'dns.question.name == "a" && network.size > 1',
      'open.file.path == "%{exec.file.path}"',
      'exec.file.path == ""',
      'exec.file.path in [~"*", ~"**", "/", ~"*/x", ~"/a/**/b", ~"/a/b**"]',
      '10 == process.ancestors.pid',
      'process.ancestors.created_at > 5s',
      'process.created_at == 5s',
      'exec.args in [r"s=.*\\\\"]',
      'exec.comm =~ r"^x"',
    ]) {
      expect(errorOf(text), text).toBe('no error');
    }
  });
});

describe('macros', () => {
  test('an error in a macro is told where the macro is used', () => {
    const world: World = { macros: { BAD: 'process.pid == "x"' } };
    expect(errorOf('true && BAD', world)).toBe('type 1:9');
    expect(() => compile('true && BAD', world)).toThrow(/in the macro BAD, line 1 column 16/);
  });

  test('a macro that stands for itself is an error, directly and in a circle', () => {
    expect(errorOf('M', { macros: { M: 'M' } })).toBe('limit 1:1');
    expect(() => compile('A1 && true', { macros: { A1: 'B1', B1: 'true && A1' } })).toThrow(/A1 -> B1 -> A1/);
  });

  test('macros that double each other do not blow up', () => {
    const macros: Record<string, string> = { M0: 'process.pid == 1' };
    for (let at = 1; at < 30; at++) macros[`M${at}`] = `M${at - 1} || M${at - 1}`;
    expect(errorOf('M29', { macros })).toBe('limit 1:1');
  });

  test('a chain of macros has a limit', () => {
    const macros: Record<string, string> = { M0: 'true' };
    for (let at = 1; at < 50; at++) macros[`M${at}`] = `M${at - 1}`;
    expect(errorOf('M49', { macros })).toBe('limit 1:1');
    expect(errorOf('M20', { macros })).toBe('no error');
  });

  test('mixed logic in a macro is warned about at the use', () => {
    const { warnings } = compile('MIX', { macros: { MIX: 'true && process.pid == 1 || true' } });
    expect(warnings).toMatchObject([{ code: 'mixed-logical', start: 0, end: 3 }]);
    expect(warnings[0]!.message).toContain('in the macro MIX');
  });
});

describe('limits', () => {
  test.each([
    ['a string', `exec.comm == "${'a'.repeat(5000)}"`],
    ['alternating && and ||', Array(200).fill('process.pid == 1 && process.uid == 1').join(' || ')],
  ])('%s', (_, text) => {
    expect(errorOf(text)).toMatch(/^limit /);
  });

  test('a list may be long', () => {
    const list = Array.from({ length: 10_000 }, (_, at) => `"name${at}"`).join(', ');
    expect(errorOf(`exec.comm in [${list}]`)).toBe('no error');
  });

  test('no text makes the checker throw anything but SeclError', () => {
    const names = [
      'process.ancestors[A].pid',
      'exec.argv[99999999999999999999]',
      'process.ancestors',
      'a[b][c]',
      'x[',
      '[x]',
    ];
    for (const left of names) {
      for (const operator of ['==', 'in', '<', '&', '+', '=~', 'allin']) {
        for (const right of [...names, '[1]', '["a"]', '5s', '1.2.3.4', '1.2.3.4/8', '"a"', 'true']) {
          try {
            compile(`${left} ${operator} ${right}`);
          } catch (error) {
            expect(error).toBeInstanceOf(SeclError);
          }
        }
      }
    }
  });
});
