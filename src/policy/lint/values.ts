/** Values that a field never has, by what is known of the field; and those that mean something else than they seem to. */
import { type Expression, type FieldUse, type Matcher, showBytes } from '../../secl/index.js';
import type { Lint } from './lint.js';

/** `comm` holds 15 bytes and a zero. */
const longestComm = 15;

type Sign = 'stated' | 'denied';

export function lintValues(expression: Expression, source: string): Lint[] {
  const lints: Lint[] = [];
  for (const { field, matchers, sign } of matchesOf(expression, 'stated')) {
    for (const check of checks) {
      if (!check.fields.test(field.field.name)) continue;
      for (const matcher of matchers) {
        const text = textOf(matcher);
        const found = text === undefined ? undefined : check.test(text, matcher, { sign, whole: expression, source });
        if (found !== undefined) lints.push({ code: check.code, ...found, ...place(text!, field, source) });
      }
    }
  }
  return lints;
}

interface Found {
  readonly message: string;
  readonly help: string;
}

interface Context {
  readonly sign: Sign;
  readonly whole: Expression;
  /** The rule's text. */
  readonly source: string;
}

interface Check {
  readonly code: string;
  /** The names it is about. */
  readonly fields: RegExp;
  test(text: string, matcher: Matcher, context: Context): Found | undefined;
}

const checks: readonly Check[] = [
  {
    code: 'empty-container-id',
    fields: /(^|\.)container\.id$/,
    test(text, { kind }, { sign, whole, source }) {
      // `in [""]` is how to say that the host is meant.
      if (kind !== 'exact' || text !== '' || sign === 'denied' || /\[\s*""\s*\]/.test(source)) return undefined;
      const allowlist = [...matchesOf(whole, 'stated')].some((match) => match.sign === 'denied');
      return {
        message: `an empty container id means on the host only${allowlist ? ': this allowlist says nothing about containers' : ''}`,
        help: 'for any container write `container.id != ""`; if the host is meant, `container.id in [""]` says so',
      };
    },
  },
  {
    code: 'name-with-slash',
    fields: /(^|\.)file\.name$/,
    test: (text) =>
      text.includes('/')
        ? {
            message: `a file name has no slash, so \`${text}\` never matches`,
            help: 'use the field that ends in `.path`',
          }
        : undefined,
  },
  {
    code: 'comm-too-long',
    fields: /(^|\.)comm$/,
    test: (text, { kind }) =>
      kind === 'exact' && Buffer.byteLength(text) > longestComm
        ? {
            message: `the kernel keeps ${longestComm} bytes of a command name, so \`${text}\` never matches`,
            help: `write "${text.slice(0, longestComm)}", or use the field \`file.name\``,
          }
        : undefined,
  },
  {
    code: 'flag-with-dash',
    fields: /(^|\.)args_flags$/,
    test: (text, { kind }) =>
      kind !== 'regexp' && text.startsWith('-')
        ? { message: 'flags are listed without their dashes', help: `write "${text.replace(/^--?/, '')}"` }
        : undefined,
  },
  {
    code: 'flag-with-value',
    fields: /(^|\.)args_flags$/,
    test: (text, { kind }) =>
      kind !== 'regexp' && text.includes('=')
        ? { message: 'flags are listed without values', help: 'use the field that ends in `.args_options`' }
        : undefined,
  },
  {
    code: 'option-without-value',
    fields: /(^|\.)args_options$/,
    test(text, { kind }) {
      if (kind === 'regexp') return undefined;
      if (text.startsWith('-')) {
        return { message: 'options are listed without their dashes', help: `write "${text.replace(/^--?/, '')}"` };
      }
      if (kind !== 'exact' || text.includes('=')) return undefined;
      return {
        message: `an option is listed with its value, so \`${text}\` never matches`,
        help: `write ~"${text}=*", or use the field that ends in \`.args_flags\``,
      };
    },
  },
  {
    code: 'env-with-value',
    fields: /(^|\.)envs$/,
    test: (text, { kind }) =>
      kind !== 'regexp' && text.includes('=')
        ? {
            message: 'the environment is listed by names only',
            help: `write "${text.slice(0, text.indexOf('='))}"; values are in the field that ends in \`.envp\``,
          }
        : undefined,
  },
  {
    code: 'env-with-dollar',
    fields: /(^|\.)(envs|envp)$/,
    test: (text, { kind }) =>
      kind !== 'regexp' && text.startsWith('$')
        ? { message: 'the name of a variable has no $', help: `write "${text.slice(1)}"` }
        : undefined,
  },
  {
    code: 'two-arguments',
    fields: /(^|\.)argv$/,
    test: (text, { kind }) =>
      kind !== 'regexp' && /^--?[A-Za-z0-9][\w-]* \S/.test(text)
        ? {
            message: 'an element of argv is one argument: an option and its value are two',
            help: `use \`args_options\`: "${text.replace(/^--?/, '').replace(' ', '=')}"`,
          }
        : undefined,
  },
];

interface Match {
  readonly field: FieldUse;
  readonly matchers: readonly Matcher[];
  readonly sign: Sign;
}

function* matchesOf(expression: Expression, sign: Sign): Iterable<Match> {
  switch (expression.node) {
    case 'match':
      yield { field: expression.field, matchers: expression.matchers, sign };
      return;
    case 'and':
    case 'or':
      for (const operand of expression.operands) yield* matchesOf(operand, sign);
      return;
    case 'not':
      yield* matchesOf(expression.operand, sign === 'stated' ? 'denied' : 'stated');
      return;
    case 'some':
      yield* matchesOf(expression.body, sign);
      return;
    default:
      return;
  }
}

function textOf(matcher: Matcher): string | undefined {
  switch (matcher.kind) {
    case 'exact':
      return showBytes(matcher.bytes);
    case 'wildcard':
    case 'glob':
      return showBytes(matcher.pattern);
    case 'regexp':
      return undefined;
  }
}

/** Where the rule writes the literal; else, as for one of a macro, where it names the field; else no place. */
function place(text: string, { start, end, field }: FieldUse, source: string): Pick<Lint, 'at'> {
  const literal = source.indexOf(`"${text}"`);
  if (literal >= 0) return { at: { start: literal, end: literal + text.length + 2 } };
  return source.slice(start, end).replace(/\[\w+\]/, '') === field.name ? { at: { start, end } } : {};
}
