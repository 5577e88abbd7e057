import { describe, expect, test } from 'vitest';
import { checkMacro, macroFromValues, parseMacro, SeclError } from '../../../src/secl/index.js';
import { truth } from '../scope.js';

const scope = { macros: new Map([['SHELLS', parseMacro('["sh", ~"*sh"]')]]), variables: new Map() };

describe('checkMacro', () => {
  test.each(['["a", ~"b*", r"c"]', 'exec.comm in SHELLS', '5s', '10.0.0.0/8', 'process.pid + 1', '[EPERM, EACCES]'])(
    'accepts %s, whatever it stands for',
    (text) => {
      expect(() => checkMacro(parseMacro(text), scope)).not.toThrow();
    },
  );

  test.each([
    ['exec.comm == 1', 14],
    ['true && process.foo', 9],
    ['["a", r"("]', 7],
  ])('refuses %s with the place in the macro', (text, column) => {
    expect(() => checkMacro(parseMacro(text), scope)).toThrow(expect.objectContaining({ column }));
    expect(() => checkMacro(parseMacro(text), scope)).toThrow(SeclError);
  });
});

test('values of a macro are exact, never patterns', () => {
  const { ast } = macroFromValues(['a*', 'b']);
  expect(ast).toMatchObject({ kind: 'list', members: [{ kind: 'string', text: 'a*' }, { kind: 'string' }] });
  expect(macroFromValues([1, 2n]).ast).toMatchObject({ members: [{ kind: 'integer', value: 1n }, { value: 2n }] });
  expect(truth('exec.comm in V', { 'exec.comm': 'ab' }, { macros: { V: '["a*", "b"]' } })).toBe(false);
});
