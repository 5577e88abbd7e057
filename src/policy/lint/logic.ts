/** Whether an expression is decided before there is an event. Errs on the side of "may be". */
import { type Expression, type Field, type Matcher, toBytes } from '../../secl/index.js';
import { contradict } from './facts.js';

/** No event makes it true. */
export function neverHolds(expression: Expression): boolean {
  switch (expression.node) {
    case 'constant':
      return !expression.value;
    case 'and':
      return expression.operands.some(neverHolds) || contradict(expression.operands);
    case 'or':
      return expression.operands.every(neverHolds);
    case 'not':
      return alwaysHolds(expression.operand);
    case 'some':
      return neverHolds(expression.body);
    default:
      return contradict([expression]);
  }
}

/** Every event makes it true, or as good as every: no program has an empty name. */
export function alwaysHolds(expression: Expression): boolean {
  switch (expression.node) {
    case 'constant':
      return expression.value;
    case 'and':
      return expression.operands.every(alwaysHolds);
    case 'or':
      return expression.operands.some(alwaysHolds) || contradict(expression.operands.map(negated));
    case 'not':
      return neverHolds(expression.operand) || isNonEmpty(expression.operand);
    case 'match':
      return (
        !expression.field.field.array &&
        expression.matchers.some((matcher) => matchesAll(matcher, expression.field.field))
      );
    case 'compare':
      return contradict([negated(expression)]);
    default:
      return false;
  }
}

function negated(expression: Expression): Expression {
  return expression.node === 'not' ? expression.operand : { node: 'not', operand: expression };
}

const neverEmpty: ReadonlySet<string> = new Set(['process.file.path', 'process.file.name', 'process.comm']);

/** `x == ""`, which no program is. */
function isNonEmpty(expression: Expression): boolean {
  return (
    expression.node === 'match' &&
    neverEmpty.has(expression.field.field.canonical) &&
    expression.matchers.every((matcher) => matcher.kind === 'exact' && matcher.bytes === '')
  );
}

const anyText: ReadonlySet<string> = new Set(['', '.*', '^.*', '.*$', '^.*$', '^', '$']);

function matchesAll(matcher: Matcher, field: Field): boolean {
  switch (matcher.kind) {
    case 'exact':
      return false;
    case 'wildcard':
      return matcher.pattern !== '' && matcher.segments.length === 0;
    case 'glob':
      return field.path === true && [toBytes('**'), toBytes('/**')].includes(matcher.pattern);
    case 'regexp':
      return anyText.has(matcher.source);
  }
}
