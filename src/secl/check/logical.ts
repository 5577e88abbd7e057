import type { Ast, LogicalOperator } from '../ast.js';
import { SeclError } from '../errors.js';
import type { Expression } from '../expression.js';
import { limits } from '../limits.js';
import { join } from './build.js';
import type { CheckState } from './state.js';

type LogicalAst = Extract<Ast, { kind: 'logical' }>;

/**
 * A chain of `&&` and `||`. The reference has one precedence level for both and reads from the right: `a && b || c` is
 * `a && (b || c)`. Hardly anybody expects that, so such a chain is warned about, or refused.
 */
export function logical(ast: LogicalAst, operands: readonly Expression[], state: CheckState): Expression {
  let changes = 0;
  for (let at = 1; at < ast.operators.length; at++) if (ast.operators[at] !== ast.operators[at - 1]) changes++;
  if (changes > limits.nesting.value) {
    throw new SeclError('limit', `&& and || alternate more than ${limits.nesting.value} times`, ast.span);
  }
  if (changes > 0) reportMixed(ast, state);
  let result = operands[operands.length - 1]!;
  for (let at = ast.operators.length - 1; at >= 0; ) {
    const operator = ast.operators[at]!;
    const run: Expression[] = [];
    for (; at >= 0 && ast.operators[at] === operator; at--) run.unshift(operands[at]!);
    result = join(nodeOf(operator), [...run, result]);
  }
  return result;
}

function nodeOf(operator: LogicalOperator): 'and' | 'or' {
  return operator === '&&' ? 'and' : 'or';
}

function reportMixed(ast: LogicalAst, state: CheckState): void {
  const reading = parenthesised(ast, state.text);
  if (state.scope.mixedLogical === 'refuse') {
    const message = '&& and || side by side without parentheses';
    throw new SeclError('mixed-logical', message, ast.span, `write ${reading}, or what you mean`);
  }
  const message = `&& and || have the same precedence and bind to the right here: this reads as ${reading}`;
  state.warnings.push({ code: 'mixed-logical', message, ...ast.span, fix: reading });
}

/** The chain with the parentheses that it is read with. */
function parenthesised(ast: LogicalAst, text: string): string {
  let result = '';
  let open = 0;
  for (const [at, operand] of ast.operands.entries()) {
    const operator = ast.operators[at];
    if (at > 0 && operator !== undefined && operator !== ast.operators[at - 1]) {
      result += '(';
      open++;
    }
    result += text.slice(operand.span.start, operand.span.end);
    if (operator !== undefined) result += ` ${operator} `;
  }
  return result + ')'.repeat(open);
}
