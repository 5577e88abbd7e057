/** Expressions laid out: one line where it fits, else broken after operators and between list members. */
import type { ArrayAst, Ast, MacroAst } from './ast.js';
import { tokenize } from './lexer.js';
import { parseMacroText } from './parser.js';

/**
 * The lines of an expression or list, none longer than `width` characters if that can be. Literals stay as they are
 * written (`0755`), `and`, `or` and `not` become `&&`, `||` and `!`. Undefined when layout would lose something: a comment,
 * or a string with a line break. Throws SeclError when it cannot be parsed.
 */
export function layout(text: string, width: number): string[] | undefined {
  const ast = parseMacroText(text);
  let at = 0;
  for (const token of tokenize(text)) {
    if (text.slice(at, token.start).trim() !== '' || /[\n\r]/.test(token.text)) return undefined;
    at = token.end;
  }
  return new Printer(text).lines(ast, width);
}

class Printer {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  lines(ast: MacroAst | ArrayAst, width: number): string[] {
    const flat = this.#flat(ast);
    if (flat.length <= width) return [flat];
    switch (ast.kind) {
      case 'logical':
        return ast.operands.flatMap((operand, index) => {
          const operator = ast.operators[index];
          const suffix = operator === undefined ? '' : ` ${operator}`;
          return withSuffix(this.lines(operand, width - suffix.length), suffix);
        });
      case 'group':
        return withSuffix(withPrefix('(', this.lines(ast.inner, width - 2)), ')');
      case 'unary':
        return withPrefix(unaryText[ast.operator], this.lines(ast.operand, width - unaryText[ast.operator].length));
      case 'list':
        return this.#list('', ast, width);
      case 'membership':
        if (ast.right.kind === 'list') return this.#list(`${this.#flat(ast.left)} ${ast.operator} `, ast.right, width);
        return [flat];
      default:
        return [flat];
    }
  }

  /** As many members a line as fit. */
  #list(head: string, { members }: Extract<ArrayAst, { kind: 'list' }>, width: number): string[] {
    const lines: string[] = [];
    let line = `${head}[`;
    members.forEach((member, index) => {
      const text = `${this.#flat(member)}${index === members.length - 1 ? ']' : ','}`;
      const isFirst = line.endsWith('[');
      if (!isFirst && line.length + 1 + text.length > width) {
        lines.push(line);
        line = `  ${text}`;
      } else {
        line += isFirst ? text : ` ${text}`;
      }
    });
    return [...lines, line];
  }

  #flat(ast: MacroAst | ArrayAst): string {
    switch (ast.kind) {
      case 'group':
        return `(${this.#flat(ast.inner)})`;
      case 'list':
        return `[${ast.members.map((member) => this.#flat(member)).join(', ')}]`;
      case 'logical':
      case 'sum':
      case 'bits':
        return this.#chain(ast.operands, ast.operators);
      case 'comparison':
      case 'membership':
        return `${this.#flat(ast.left)} ${ast.operator} ${this.#flat(ast.right)}`;
      case 'unary':
        return `${unaryText[ast.operator]}${this.#flat(ast.operand)}`;
      default:
        return this.#text.slice(ast.span.start, ast.span.end);
    }
  }

  #chain(operands: readonly Ast[], operators: readonly string[]): string {
    return operands
      .map((operand, index) => (index === 0 ? '' : ` ${operators[index - 1]} `) + this.#flat(operand))
      .join('');
  }
}

/** A minus before a number would become part of it. */
const unaryText = { '!': '!', '-': '- ', '^': '^' } as const;

function withSuffix(lines: readonly string[], suffix: string): string[] {
  return lines.map((line, index) => (index === lines.length - 1 ? line + suffix : line));
}

/** The prefix before the first line, as many blanks before the others. */
function withPrefix(prefix: string, lines: readonly string[]): string[] {
  const blank = ' '.repeat(prefix.length);
  return lines.map((line, index) => (index === 0 ? prefix : blank) + line);
}
