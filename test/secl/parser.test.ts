import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ast, MacroAst } from '../../src/secl/ast.js';
import { SeclError } from '../../src/secl/errors.js';
import { limits } from '../../src/secl/limits.js';
import { parse, parseMacroText } from '../../src/secl/parser.js';
import { print } from '../../src/secl/print.js';

function error(text: string): SeclError {
  try {
    parse(text);
  } catch (thrown) {
    if (thrown instanceof SeclError) return thrown;
    throw thrown;
  }
  throw new Error(`parsed: ${text}`);
}

/** The tree with parentheses around everything, to see how it was read. */
function shape(ast: MacroAst): string {
  switch (ast.kind) {
    case 'logical':
    case 'sum':
    case 'bits':
      return `(${ast.operands.map((operand, at) => (at ? `${ast.operators[at - 1]} ` : '') + shape(operand)).join(' ')})`;
    case 'comparison':
      return `(${shape(ast.left)} ${ast.operator} ${shape(ast.right)})`;
    case 'membership':
      return `(${shape(ast.left)} ${ast.operator} ${print(ast.right)})`;
    case 'unary':
      return `(${ast.operator}${shape(ast.operand)})`;
    case 'group':
      return `{${shape(ast.inner)}}`;
    default:
      return print(ast);
  }
}

describe('parse', () => {
  test.each([
    ['a && b || c', '(a && b || c)'],
    ['a and b or c', '(a && b || c)'],
    ['1 == 1 & 1', '(1 == (1 & 1))'],
    ['a - 1 + 2', '(a - 1 + 2)'],
    ['a & b + c', '((a & b) + c)'],
    ['not a && b', '((!a) && b)'],
    ['!!a', '(!(!a))'],
    ['^a == - 1', '((^a) == (-1))'],
    ['a == b == c', '(a == (b == c))'],
    ['a not in [1, -2]', '(a not in [1, -2])'],
    ['a in B && c allin 10.0.0.0/8', '((a in B) && (c allin 10.0.0.0/8))'],
    ['a & & b', '(a && b)'],
    ['a > = 3', '(a >= 3)'],
    ['(a)', '{a}'],
    ['a =~ "x" # comment\n&& b // another', '((a =~ "x") && b)'],
    ['a == ~"x"', '(a == ~"x")'],
    ['r"a\\"b" == c', '(r"a\\"b" == c)'],
    ['a < 5m', '(a < 5m)'],
    [`a in \${v} || a in %{f[A].x}`, `((a in \${v}) || (a in %{f[A].x}))`],
    ['a[0].b == ::ffff:1.2.3.4', '(a[0].b == ::ffff:1.2.3.4)'],
    ['a in ["x", ~"y*", r"z"]', '(a in ["x", ~"y*", r"z"])'],
    ['retval in [EPERM, EACCES]', '(retval in [EPERM, EACCES])'],
  ])('reads %s', (text, expected) => {
    expect(shape(parse(text))).toBe(expected);
  });

  test.each([
    ['', 'syntax 1:1'],
    ['a &&', 'syntax 1:5'],
    ['a = 1', 'syntax 1:3'],
    ['a == 5-2', 'syntax 1:7'],
    ['(a', 'syntax 1:3'],
    ['a)', 'syntax 1:2'],
    ['a in []', 'syntax 1:7'],
    ['a in [1,]', 'syntax 1:9'],
    ['a in [1, "b"]', 'syntax 1:10'],
    ['a in 1.2.3.4', 'syntax 1:6'],
    ['a in "b"', 'syntax 1:6'],
    ['a ? b', 'lexical 1:3'],
    ["a == 'b'", 'lexical 1:6'],
    ['a == "b', 'lexical 1:6'],
    ['a ==\n "é" && "b', 'lexical 2:9'],
    ['a ==\r\n1', 'lexical 1:5'],
    [`a == \${1x}`, 'lexical 1:6'],
    ['a == 09', 'value 1:6'],
    ['a == 9223372036854775808', 'value 1:6'],
    ['a < 5ss', 'value 1:5'],
    ['a < 9999999h', 'value 1:5'],
    ['a < 1h30m', 'syntax 1:7'],
    ['a startswith "b"', 'syntax 1:3'],
  ])('refuses %j at the right place', (text, expected) => {
    const { code, line, column } = error(text);
    expect(`${code} ${line}:${column}`).toBe(expected);
  });

  test('offsets cover the token that is wrong', () => {
    const text = 'exec.file.name = "x"';
    const { start, end, help } = error(text);
    expect(text.slice(start, end)).toBe('=');
    expect(help).toContain('==');
  });

  test('an integer with a leading zero is octal, as modes are written', () => {
    expect(parse('0755')).toMatchObject({ kind: 'integer', value: 493n });
    expect(parse('-9223372036854775808')).toMatchObject({ value: -(2n ** 63n) });
    expect(parse('+7')).toMatchObject({ value: 7n });
  });

  test.each([
    ['parentheses', '('.repeat(100_000)],
    ['negations', '!'.repeat(100_000)],
    ['comparisons', 'a == '.repeat(40_000)],
    ['sums', `1${' + 1'.repeat(40_000)}`],
    ['a long address', `::${'a'.repeat(100_000)}`],
    ['a long text', 'a'.repeat(limits.expressionLength.value + 1)],
  ])('deep or long %s are an error, not a crash', (_, text) => {
    expect(['limit', 'syntax']).toContain(text.startsWith('::') ? 'limit' : error(text).code);
    if (text.startsWith('::')) expect(() => parse(text)).not.toThrow(RangeError);
  });

  test('a chain of && is not nesting', () => {
    expect(parse(Array(20_000).fill('a').join(' && '))).toMatchObject({ kind: 'logical' });
  });

  test('a macro may be a list or an expression', () => {
    expect(parseMacroText('["a"]').kind).toBe('list');
    expect(parseMacroText('a == 1').kind).toBe('comparison');
    expect(() => parse('["a"]')).toThrow(SeclError);
  });

  test('parsing never throws anything but SeclError', () => {
    const token = fc.constantFrom(
      'a',
      '&&',
      '||',
      '&',
      '|',
      '(',
      ')',
      '[',
      ']',
      ',',
      '"s"',
      '~"p*"',
      '1',
      '-1',
      'in',
      'not',
      '==',
      '=',
      '!',
      '5s',
      '1.2.3.4/8',
      `\${v}`,
      '%{f}',
      '#',
      '\n',
      '"',
      '$',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), fc.constantFrom('', ' '), (tokens, gap) => {
        try {
          parse(tokens.join(gap));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SeclError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('print', () => {
  const leaf: fc.Arbitrary<string> = fc.oneof(
    fc.constantFrom(
      'a',
      'exec.file.name',
      'x[A].y',
      '10.0.0.0/8',
      '::1',
      `\${v}`,
      '%{f}',
      '"s t"',
      '~"p*"',
      'r"^x$"',
      '5ms',
      '2h',
    ),
    fc.integer().map(String),
  );
  const { expression } = fc.letrec<{ expression: string; unary: string }>((tie) => ({
    unary: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.tuple(fc.constantFrom('!', 'not ', '- ', '^'), tie('unary')).map(([operator, operand]) => operator + operand),
      tie('expression').map((inner) => `(${inner})`),
    ),
    expression: fc.oneof(
      { depthSize: 'small' },
      tie('unary'),
      fc
        .tuple(tie('unary'), fc.constantFrom('==', '!=', '<', '=~', '+', '-', '&', '|', '^', '&&', 'or'), tie('unary'))
        .map(([left, operator, right]) => `${left} ${operator} ${right}`),
      tie('unary').map((left) => `${left} not in ["a", ~"b*"]`),
      tie('unary').map((left) => `${left} in [1, -2]`),
    ),
  }));

  test('what is printed is read as the same tree', () => {
    fc.assert(
      fc.property(expression, (text) => {
        const tree = parse(text);
        const again = parse(print(tree));
        expect(withoutSpans(again)).toEqual(withoutSpans(tree));
      }),
      { numRuns: 1000 },
    );
  });
});

function withoutSpans(ast: Ast): unknown {
  return JSON.parse(
    JSON.stringify(ast, (key, value) => (key === 'span' ? undefined : typeof value === 'bigint' ? `${value}n` : value)),
  );
}
