import type { ArrayAst, Ast, MacroAst } from './ast.js';

/** The expression as text, in one line with single spaces. Parsing it again gives the same tree. */
export function print(ast: MacroAst | ArrayAst): string {
  switch (ast.kind) {
    case 'identifier':
      return ast.name;
    case 'ip':
    case 'cidr':
      return ast.text;
    case 'integer':
      return `${ast.value}`;
    case 'duration':
      return printDuration(ast.nanoseconds);
    case 'variable':
      return `\${${ast.name}}`;
    case 'field-reference':
      return `%{${ast.name}}`;
    case 'string':
      return `"${ast.text}"`;
    case 'pattern':
      return `~"${ast.text}"`;
    case 'regexp':
      return `r"${ast.text}"`;
    case 'group':
      return `(${print(ast.inner)})`;
    case 'list':
      return `[${ast.members.map(print).join(', ')}]`;
    case 'logical':
    case 'sum':
    case 'bits':
      return printChain(ast.operands, ast.operators);
    case 'comparison':
    case 'membership':
      return `${print(ast.left)} ${ast.operator} ${print(ast.right)}`;
    case 'unary':
      // `-` before a number would become part of it.
      return ast.operator === '-' ? `- ${print(ast.operand)}` : `${ast.operator}${print(ast.operand)}`;
  }
}

function printChain(operands: readonly Ast[], operators: readonly string[]): string {
  return operands
    .map((operand, at) => (at === 0 ? print(operand) : `${operators[at - 1]} ${print(operand)}`))
    .join(' ');
}

function printDuration(nanoseconds: bigint): string {
  for (const [unit, factor] of durationUnits) {
    if (nanoseconds % factor === 0n) return `${nanoseconds / factor}${unit}`;
  }
  throw new RangeError('a duration literal is a whole number of milliseconds');
}

const durationUnits = [
  ['h', 3_600_000_000_000n],
  ['m', 60_000_000_000n],
  ['s', 1_000_000_000n],
  ['ms', 1_000_000n],
] as const;
