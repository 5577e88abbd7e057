/** Evaluates `filters`: SECL over a few facts of the host, so a small evaluator over the syntax tree is all it takes. */
import type { Ast, Primary } from '../secl/index.js';
import { type HostFacts, type HostValue, hostFields } from './host.js';
import { didYouMean } from './nearest.js';

/** The filter asks for what it cannot; offsets into its text. */
export class HostFilterError extends Error {
  override readonly name = 'HostFilterError';
  readonly code = 'filter';
  readonly start: number;
  readonly end: number;
  readonly help: string | undefined;

  constructor(message: string, at: Ast, help?: string) {
    super(message);
    this.start = at.span.start;
    this.end = at.span.end;
    this.help = help;
  }
}

/** Whether the filter holds on a host. Throws HostFilterError. */
export function evaluateHostFilter(filter: Ast, host: HostFacts): boolean {
  const value = evaluate(filter, host);
  if (typeof value === 'boolean') return value;
  throw new HostFilterError('a filter is true or false; this is neither', filter);
}

function evaluate(ast: Ast, host: HostFacts): HostValue {
  switch (ast.kind) {
    case 'group':
      return evaluate(ast.inner, host);
    case 'logical': {
      // All are evaluated, so that a mistake on the right is found on every host. Right-associative, one level.
      const values = ast.operands.map((operand) => evaluateHostFilter(operand, host));
      return values.reduceRight((right, left, index) =>
        ast.operators[index] === '&&' ? left && right : left || right,
      );
    }
    case 'comparison':
      return compare(ast, host);
    case 'membership': {
      if (ast.right.kind !== 'list' || ast.operator === 'allin') {
        throw new HostFilterError('a filter tests against a list of values with `in` or `not in`', ast);
      }
      const value = evaluate(ast.left, host);
      const found = ast.right.members.map((member) => equals(value, ast.left, member, host)).includes(true);
      return ast.operator === 'in' ? found : !found;
    }
    case 'unary':
      if (ast.operator !== '!') throw new HostFilterError(`a filter does not use \`${ast.operator}\``, ast);
      return !evaluateHostFilter(ast.operand, host);
    case 'identifier':
      return evaluateName(ast, host);
    case 'integer':
      return ast.value;
    case 'string':
      return ast.text;
    default:
      throw new HostFilterError('this cannot be used in a filter', ast);
  }
}

function evaluateName(ast: Extract<Primary, { kind: 'identifier' }>, host: HostFacts): HostValue {
  if (ast.name === 'true' || ast.name === 'false') return ast.name === 'true';
  const get = hostFields.get(ast.name);
  if (get !== undefined) return get(host);
  throw new HostFilterError(
    `\`${ast.name}\` is not a fact of the host`,
    ast,
    didYouMean(ast.name, [...hostFields.keys()]),
  );
}

function compare(ast: Extract<Ast, { kind: 'comparison' }>, host: HostFacts): boolean {
  const { operator, left, right } = ast;
  switch (operator) {
    case '==':
    case '!=':
    case '=~':
    case '!~': {
      const [value, valueAst, other] = isPattern(left) ? [right, right, left] : [left, left, right];
      const promoted =
        operator.endsWith('~') && other.kind === 'string' ? ({ ...other, kind: 'pattern' } as const) : other;
      const result = equals(evaluate(value, host), valueAst, promoted, host);
      return operator.startsWith('!') ? !result : result;
    }
    default: {
      const a = evaluate(left, host);
      const b = evaluate(right, host);
      if (typeof a !== 'bigint' || typeof b !== 'bigint') {
        throw new HostFilterError(`\`${operator}\` compares numbers`, ast);
      }
      if (operator === '<') return a < b;
      if (operator === '<=') return a <= b;
      return operator === '>' ? a > b : a >= b;
    }
  }
}

function isPattern(ast: Ast): boolean {
  return ast.kind === 'pattern' || ast.kind === 'regexp';
}

/** Whether the value, or any element of it, equals or matches the other side. */
function equals(value: HostValue, at: Ast, other: Ast, host: HostFacts): boolean {
  if (other.kind === 'regexp') throw new HostFilterError('a filter does not use regular expressions', other);
  if (other.kind === 'pattern') {
    return texts(value, at).some((text) => matchesWildcard(text, other.text));
  }
  const expected = evaluate(other, host);
  if (typeof value === 'object') return texts(value, at).some((text) => text === expected);
  if (typeof value !== typeof expected) throw new HostFilterError('the two sides have different types', at);
  return value === expected;
}

function texts(value: HostValue, at: Ast): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'object') return value;
  throw new HostFilterError('a pattern is matched against text', at);
}

/** Whether the pieces between the stars stand in the text in their order, the first and last at its ends. */
function matchesWildcard(text: string, pattern: string): boolean {
  const pieces = pattern.split('*');
  const first = pieces.shift()!;
  const last = pieces.pop();
  if (last === undefined) return text === first;
  const end = text.length - last.length;
  if (!text.startsWith(first) || !text.endsWith(last) || end < first.length) return false;
  let at = first.length;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
