import { describe, expect, test } from 'vitest';
import type { Expression } from '../../../src/secl/index.js';
import { compile, errorOf } from '../scope.js';

/** The expression in short, for reading. */
function brief(expression: Expression): string {
  switch (expression.node) {
    case 'constant':
      return `${expression.value}`;
    case 'and':
    case 'or':
      return `${expression.node}(${expression.operands.map(brief).join(' ')})`;
    case 'not':
      return `not(${brief(expression.operand)})`;
    case 'match':
      return `${expression.field.field.name}~${expression.matchers.map((matcher) => matcher.kind).join('|')}`;
    case 'flag':
    case 'unset':
      return `${expression.node} ${expression.field.field.name}`;
    case 'some':
      return `some ${expression.register}:${expression.iterator}(${brief(expression.body)})`;
    default:
      return expression.node;
  }
}

describe('what an expression becomes', () => {
  test.each([
    [
      'exec.comm == "a" && (exec.comm == "b" && exec.comm == "c")',
      'and(exec.comm~exact exec.comm~exact exec.comm~exact)',
    ],
    ['exec.comm == "a" && process.pid == 1 || process.uid == 1', 'and(exec.comm~exact or(compare compare))'],
    ['exec.comm != "a"', 'not(exec.comm~exact)'],
    ['exec.comm !~ "a*"', 'not(exec.comm~wildcard)'],
    ['exec.comm not in ["a", ~"b*", r"c"]', 'not(exec.comm~exact|wildcard|regexp)'],
    ['!(exec.comm != "a")', 'exec.comm~exact'],
    ['~"a*" in exec.argv', 'exec.argv~wildcard'],
    ['r"x" == exec.comm', 'exec.comm~regexp'],
    ['exec.file.path == ~"/a/*"', 'exec.file.path~glob'],
    ['exec.file.path == ~"/a"', 'exec.file.path~exact'],
    ['exec.file.path =~ ""', 'false'],
    ['exec.comm == "a*"', 'exec.comm~exact'],
    ['exec.comm =~ "a*"', 'exec.comm~wildcard'],
    ['process.is_kworker', 'flag process.is_kworker'],
    ['process.is_kworker != true', 'not(flag process.is_kworker)'],
    // Not folded to true: an unread flag leaves it unknown.
    ['process.is_kworker in [true, false]', 'or(flag process.is_kworker not(flag process.is_kworker))'],
    ['process.ancestors.is_thread == false', 'unset process.ancestors.is_thread'],
    ['process.pid == 5', 'compare'],
    ['process.pid in [5]', 'compare'],
    ['process.pid in [5, 6]', 'member'],
    ['1 + 1 == 2 && !false', 'true'],
    ['true || process.pid == 1', 'true'],
    ['"abc" == ~"a*"', 'true'],
    ['10.0.0.1 in [10.0.0.0/8]', 'true'],
    ['process.created_at > 5s', 'age'],
    ['process.created_at + 0 > 5s', 'compare'],
    [
      'process.ancestors[A].comm == "a" && process.pid == 1',
      'some A:process.ancestors(and(process.ancestors.comm~exact compare))',
    ],
    ['exec.comm == process.comm', 'text'],
  ])('%s', (text, expected) => {
    expect(brief(compile(text).expression)).toBe(expected);
  });

  test('the event is that of the fields named directly', () => {
    expect(compile('exec.comm == "a" && process.pid == 1').event).toBe('exec');
    expect(compile('process.pid == 1').event).toBeUndefined();
    expect(compile('open.file.path == "%{exec.file.path}"').event).toBe('open');
  });

  test('fields are listed once, those of macros too', () => {
    const { fields } = compile('exec.comm == "a" || exec.comm == "b" || M', { macros: { M: 'process.pid == 1' } });
    expect(fields.map(({ name }) => name)).toEqual(['exec.comm', 'process.pid']);
  });

  test('case is folded in matchers of host names, not in their regular expressions', () => {
    const { expression } = compile('dns.question.name in ["WWW.A", ~"*.B", r"C"]');
    expect(expression).toMatchObject({
      matchers: [
        { kind: 'exact', bytes: 'www.a', foldCase: true },
        { kind: 'wildcard', segments: ['.b'], foldCase: true },
        { kind: 'regexp', source: 'C' },
      ],
    });
  });

  test('text becomes bytes', () => {
    expect(compile('exec.comm == "é"').expression).toMatchObject({ matchers: [{ bytes: '\xc3\xa9' }] });
  });

  test('mixed && and || are warned about with the reading and the fix, or refused', () => {
    const text = 'process.pid == 1 && process.uid == 2 || process.gid == 3 || true && false';
    const { warnings } = compile(`(${text})`);
    const fix = 'process.pid == 1 && (process.uid == 2 || process.gid == 3 || (true && false))';
    expect(warnings).toMatchObject([{ code: 'mixed-logical', fix, start: 1, end: text.length + 1 }]);
    expect(compile(`(${fix})`).warnings).toEqual([]);
    expect(compile(`(${fix})`).expression).toEqual(
      expect.objectContaining({ node: compile(`(${text})`).expression.node }),
    );
    expect(errorOf(text, { mixedLogical: 'refuse' })).toBe('mixed-logical 1:1');
    expect(errorOf(fix, { mixedLogical: 'refuse' })).toBe('no error');
  });
});
