/** A short option by itself: `-o` is an option of a thousand programs. */
import { type Expression, type Matcher, showBytes } from '../../secl/index.js';
import type { Lint } from './lint.js';

export function lintShortOptions(expression: Expression): Lint[] {
  const option = alone(expression);
  if (option === undefined) return [];
  const message = `the option -${option} alone is enough for this rule, and a great many programs have one`;
  return [{ code: 'short-option-alone', message, help: 'test the program too, or the value of the option' }];
}

/** The short option that makes the expression true whatever else the event says. */
function alone(expression: Expression): string | undefined {
  switch (expression.node) {
    case 'or':
      for (const operand of expression.operands) {
        const option = alone(operand);
        if (option !== undefined) return option;
      }
      return undefined;
    case 'some':
      return alone(expression.body);
    case 'match': {
      const { name } = expression.field.field;
      const pick = name.endsWith('.args_flags') ? shortFlag : name.endsWith('.args_options') ? shortOption : undefined;
      return pick && expression.matchers.map(pick).find((option) => option !== undefined);
    }
    default:
      return undefined;
  }
}

function shortFlag(matcher: Matcher): string | undefined {
  return matcher.kind === 'exact' && matcher.bytes.length === 1 ? showBytes(matcher.bytes) : undefined;
}

/** `o=*`: with any value. */
function shortOption(matcher: Matcher): string | undefined {
  if (matcher.kind !== 'wildcard') return undefined;
  const pattern = showBytes(matcher.pattern);
  return /^.=\*$/.test(pattern) ? pattern[0] : undefined;
}
