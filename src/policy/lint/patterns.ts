/** Strings written in the manner of a shell or of regular expressions, which SECL reads differently. */
import type { ArrayAst, Ast, MacroAst, Primary } from '../../secl/index.js';
import type { Lint } from './lint.js';

type StringAst = Extract<Primary, { kind: 'string' | 'pattern' | 'regexp' }>;

/** How a string is compared: as it is, or as a pattern. */
type Reading = 'exact' | 'pattern';

export function lintPatterns(ast: MacroAst | ArrayAst): Lint[] {
  return [...strings(ast, 'exact')].flatMap(([literal, reading]) => lintString(literal, reading) ?? []);
}

/** A macro's `values`, which are compared as they are. */
export function lintValue(text: string): Omit<Lint, 'at'> | undefined {
  if (!hasMeantStar(text)) return undefined;
  return {
    code: 'star-in-string',
    message: `\`values\` are compared as they are: \`${text}\` is text with a star in it`,
    help: `write an \`expression\`: '[~"${text}"]'`,
  };
}

function* strings(ast: MacroAst | ArrayAst, reading: Reading): Iterable<[StringAst, Reading]> {
  switch (ast.kind) {
    case 'string':
      yield [ast, reading];
      return;
    case 'pattern':
      yield [ast, 'pattern'];
      return;
    case 'group':
      yield* strings(ast.inner, reading);
      return;
    case 'unary':
      yield* strings(ast.operand, reading);
      return;
    case 'list':
      for (const member of ast.members) yield* strings(member, 'exact');
      return;
    case 'logical':
    case 'sum':
    case 'bits':
      for (const operand of ast.operands) yield* strings(operand, 'exact');
      return;
    case 'comparison':
      yield* strings(ast.left, 'exact');
      yield* strings(ast.right, isMatch(ast) ? 'pattern' : 'exact');
      return;
    case 'membership':
      yield* strings(ast.left, 'exact');
      yield* strings(ast.right, 'exact');
      return;
    default:
      return;
  }
}

function isMatch({ operator }: Extract<Ast, { kind: 'comparison' }>): boolean {
  return operator === '=~' || operator === '!~';
}

function lintString({ text, span }: StringAst, reading: Reading): Lint | undefined {
  const at = { start: span.start, end: span.end };
  if (reading === 'exact') {
    if (!hasMeantStar(text)) return undefined;
    const message = 'a star in a plain string stands for itself';
    return { code: 'star-in-string', message, help: `a pattern is written ~"${text}"`, at };
  }
  const habit = habits.find(({ test }) => test(text));
  if (habit === undefined) return undefined;
  const message = `${habit.what} stands for itself in a pattern: * is all that a pattern has`;
  return { code: 'foreign-pattern', message, help: habit.help, at };
}

/** Stars between blanks are a line of crontab or an arithmetic, a star alone an argument that was not expanded. */
function hasMeantStar(text: string): boolean {
  return text.length > 1 && text.includes('*') && !/(^|\s)\*(\s|$)/.test(text);
}

const asRegexp = 'a regular expression is written r"..." (not for paths)';

interface Habit {
  readonly what: string;
  readonly help: string;
  test(text: string): boolean;
}

const habits: readonly Habit[] = [
  {
    what: '[...]',
    help: `list the possibilities, or use a regular expression: ${asRegexp}`,
    // Only sets as a shell has them: `[kworker*]` is the name of a kernel thread.
    test: (text) => /\[[!^]?(?:a-z|A-Z|0-9|a-f|A-F|[0-9]-[0-9]|[_.-])+\]/.test(text),
  },
  {
    what: '{a,b}',
    help: 'list the possibilities: [~"a*", ~"b*"]',
    test: (text) => /\{[^{}:]*,[^{}:]*\}/.test(text),
  },
  {
    what: '?',
    help: `* matches any text, of one character too; ${asRegexp}`,
    // In arguments a question mark is mostly that of a URL.
    test: (text) => /[A-Za-z0-9*_.-]\?(?:[A-Za-z0-9*_./-]|$)/.test(text) && !/[=&:\s]/.test(text),
  },
  {
    what: 'what looks like a regular expression',
    help: `write * for any text; ${asRegexp}`,
    // `.*` alone says little: `~".*"` is every hidden file.
    test: (text) => /^\.\*.*\.\*$|^\^|\.\+|\\[.dws/]|\([^()]*\|[^()]*\)|\.\*\$$/.test(text) && text !== '.*.*',
  },
];
