import type {
  ArrayAst,
  ArrayOperator,
  Ast,
  BitOperator,
  ListAst,
  LogicalOperator,
  MacroAst,
  Primary,
  ScalarOperator,
  SumOperator,
  UnaryOperator,
} from './ast.js';
import { SeclError, type Span } from './errors.js';
import { type Token, tokenize } from './lexer.js';
import { limits } from './limits.js';
import { durationLiteral, integerLiteral } from './literals.js';
import { Positions, through } from './position.js';

/** Parses a rule expression. Throws SeclError (lexical, syntax, value, limit). */
export function parse(text: string): Ast {
  const parser = new Parser(text);
  const ast = parser.expression();
  parser.end();
  return ast;
}

/** Parses what a macro stands for: an expression, or a list. Throws SeclError as `parse` does. */
export function parseMacroText(text: string): MacroAst {
  const parser = new Parser(text);
  const ast = parser.macro();
  parser.end();
  return ast;
}

/** Recursive descent; each method is one line of the grammar. */
class Parser {
  readonly #tokens: readonly Token[];
  readonly #positions: Positions;
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
    this.#positions = new Positions(text);
  }

  macro(): MacroAst {
    return this.#is('[') ? this.#list() : this.expression();
  }

  end(): void {
    if (this.#token().kind !== 'end') throw this.#unexpected('an operator or the end');
  }

  /** comparison { ("&&" | "and" | "||" | "or") comparison } */
  expression(): Ast {
    const operands = [this.#comparison()];
    const operators: LogicalOperator[] = [];
    for (let operator = this.#logicalOperator(); operator !== undefined; operator = this.#logicalOperator()) {
      operators.push(operator);
      operands.push(this.#comparison());
    }
    return this.#chain(operands, operators, (span) => ({ kind: 'logical', operands, operators, span }));
  }

  /** sum [ scalarOperator comparison | arrayOperator array ] */
  #comparison(): Ast {
    const left = this.#sum();
    const scalar = this.#scalarOperator();
    if (scalar !== undefined) {
      const right = this.#nested(() => this.#comparison());
      return { kind: 'comparison', operator: scalar, left, right, span: through(left.span, right.span) };
    }
    const array = this.#arrayOperator();
    if (array !== undefined) {
      const right = this.#array();
      return { kind: 'membership', operator: array, left, right, span: through(left.span, right.span) };
    }
    return left;
  }

  /** bits { ("+" | "-") bits } */
  #sum(): Ast {
    const operands = [this.#bits()];
    const operators: SumOperator[] = [];
    for (let token = this.#token(); token.text === '+' || token.text === '-'; token = this.#token()) {
      this.#next++;
      operators.push(token.text as SumOperator);
      operands.push(this.#bits());
    }
    this.#limitTerms(operands);
    return this.#chain(operands, operators, (span) => ({ kind: 'sum', operands, operators, span }));
  }

  /** unary { ("&" | "|" | "^") unary } */
  #bits(): Ast {
    const operands = [this.#unary()];
    const operators: BitOperator[] = [];
    while ((this.#is('&') || this.#is('|') || this.#is('^')) && !this.#isLogical()) {
      operators.push(this.#take().text as BitOperator);
      operands.push(this.#unary());
    }
    this.#limitTerms(operands);
    return this.#chain(operands, operators, (span) => ({ kind: 'bits', operands, operators, span }));
  }

  /** { "!" | "not" | "-" | "^" } primary */
  #unary(): Ast {
    const token = this.#token();
    const operator = unaryOperators.get(token.text);
    if (operator === undefined) return this.#primary();
    this.#next++;
    const operand = this.#nested(() => this.#unary());
    return { kind: 'unary', operator, operand, span: through(this.#span(token), operand.span) };
  }

  #primary(): Ast {
    if (!this.#is('(')) return this.#literal();
    const open = this.#take();
    const inner = this.#nested(() => this.expression());
    if (!this.#is(')')) throw this.#unexpected('an operator or )');
    return { kind: 'group', inner, span: through(this.#span(open), this.#span(this.#take())) };
  }

  #literal(): Primary {
    const token = this.#token();
    const span = this.#span(token);
    switch (token.kind) {
      case 'identifier':
        this.#next++;
        return { kind: 'identifier', name: token.text, span };
      case 'ip':
      case 'cidr':
        this.#next++;
        return { kind: token.kind, text: token.text, span };
      case 'integer':
        this.#next++;
        return { kind: 'integer', value: value(integerLiteral(token.text), span), span };
      case 'duration':
        this.#next++;
        return { kind: 'duration', nanoseconds: value(durationLiteral(token.text), span), span };
      case 'variable':
      case 'field-reference':
        this.#next++;
        return { kind: token.kind, name: token.text.slice(2, -1), span };
      case 'string':
        this.#next++;
        return { kind: 'string', text: token.text.slice(1, -1), span };
      case 'pattern':
      case 'regexp':
        this.#next++;
        return { kind: token.kind, text: token.text.slice(2, -1), span };
      case 'punctuation':
      case 'end':
        throw this.#unexpected('a field, a value or (');
    }
  }

  #array(): ArrayAst {
    const token = this.#token();
    switch (token.kind) {
      case 'cidr':
      case 'identifier':
      case 'variable':
      case 'field-reference':
        return this.#literal() as ArrayAst;
      default:
        if (this.#is('[')) return this.#list();
        throw this.#unexpected('a list, a macro, a field, a variable or a network');
    }
  }

  /** "[" member { "," member } "]", all members of one family */
  #list(): ListAst {
    const open = this.#take();
    const members: Primary[] = [];
    let family: string | undefined;
    for (;;) {
      const token = this.#token();
      const of = memberFamilies.get(token.kind);
      if (of === undefined) throw this.#unexpected('a string, a number, an address or a constant');
      family ??= of;
      if (of !== family) {
        const message = `${token.text} among ${family}: a list has members of one kind`;
        throw new SeclError('syntax', message, this.#span(token));
      }
      members.push(this.#literal());
      if (members.length > limits.listMembers.value) {
        const span = through(this.#span(open), this.#span(token));
        throw new SeclError('limit', `the list has more than ${limits.listMembers.value} members`, span);
      }
      if (this.#is(']')) break;
      if (!this.#is(',')) throw this.#unexpected(', or ]');
      this.#next++;
    }
    return { kind: 'list', members, span: through(this.#span(open), this.#span(this.#take())) };
  }

  #logicalOperator(): LogicalOperator | undefined {
    const token = this.#token();
    if (token.kind === 'identifier' && (token.text === 'and' || token.text === 'or')) {
      this.#next++;
      return token.text === 'and' ? '&&' : '||';
    }
    if (!this.#isLogical()) return undefined;
    this.#next += 2;
    return token.text === '&' ? '&&' : '||';
  }

  /** `&&` and `||` are two tokens, as in the reference, which therefore allows space between them. */
  #isLogical(): boolean {
    const { text } = this.#token();
    return (text === '&' || text === '|') && this.#token(1).text === text;
  }

  #scalarOperator(): ScalarOperator | undefined {
    const token = this.#token();
    if (token.kind !== 'punctuation') return undefined;
    const pair = token.text + this.#token(1).text;
    if (pairOperators.has(pair)) {
      this.#next += 2;
      return pair as ScalarOperator;
    }
    if (token.text !== '<' && token.text !== '>') return undefined;
    this.#next++;
    return token.text;
  }

  #arrayOperator(): ArrayOperator | undefined {
    const token = this.#token();
    if (token.kind !== 'identifier') return undefined;
    if (token.text === 'in' || token.text === 'allin') {
      this.#next++;
      return token.text;
    }
    if (token.text === 'not' && this.#token(1).kind === 'identifier' && this.#token(1).text === 'in') {
      this.#next += 2;
      return 'not in';
    }
    return undefined;
  }

  #chain(operands: readonly Ast[], operators: readonly unknown[], node: (span: Span) => Ast): Ast {
    if (operators.length === 0) return operands[0]!;
    return node(through(operands[0]!.span, operands[operands.length - 1]!.span));
  }

  #limitTerms(operands: readonly Ast[]): void {
    if (operands.length <= limits.arithmeticTerms.value) return;
    const span = through(operands[0]!.span, operands[operands.length - 1]!.span);
    throw new SeclError('limit', `more than ${limits.arithmeticTerms.value} operands in one chain`, span);
  }

  #nested<T>(parse: () => T): T {
    if (++this.#depth > limits.nesting.value) {
      const span = this.#span(this.#token());
      throw new SeclError('limit', `nested deeper than ${limits.nesting.value} levels`, span);
    }
    const result = parse();
    this.#depth--;
    return result;
  }

  #token(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)]!;
  }

  #take(): Token {
    return this.#tokens[this.#next++]!;
  }

  #is(punctuation: string): boolean {
    const token = this.#token();
    return token.kind === 'punctuation' && token.text === punctuation;
  }

  #span(token: Token): Span {
    return this.#positions.span(token.start, token.end);
  }

  #unexpected(expected: string): SeclError {
    const token = this.#token();
    const what = token.kind === 'end' ? 'the expression ends' : `unexpected ${token.text}`;
    return new SeclError('syntax', `${what} where ${expected} should be`, this.#span(token), this.#hint());
  }

  /** What the author probably meant, for slips that are common. */
  #hint(): string | undefined {
    const token = this.#token();
    if (token.text === '=') return 'equality is written ==';
    if (token.kind === 'integer' && /^[-+]/.test(token.text)) {
      return `${token.text} is one number: put a space after the sign to add or subtract`;
    }
    if (this.#tokens[this.#next - 1]?.kind === 'duration' && token.start === this.#tokens[this.#next - 1]!.end) {
      return 'a duration has one unit, of ms, s, m, h';
    }
    return undefined;
  }
}

const unaryOperators: ReadonlyMap<string, UnaryOperator> = new Map([
  ['!', '!'],
  ['not', '!'],
  ['-', '-'],
  ['^', '^'],
]);

const pairOperators: ReadonlySet<string> = new Set(['>=', '<=', '!=', '==', '=~', '!~']);

const memberFamilies: ReadonlyMap<Token['kind'], string> = new Map([
  ['string', 'strings and patterns'],
  ['pattern', 'strings and patterns'],
  ['regexp', 'strings and patterns'],
  ['ip', 'addresses and networks'],
  ['cidr', 'addresses and networks'],
  ['integer', 'numbers'],
  ['identifier', 'constants'],
]);

function value(literal: ReturnType<typeof integerLiteral>, span: Span): bigint {
  if ('problem' in literal) throw new SeclError('value', literal.problem, span);
  return literal.value;
}
