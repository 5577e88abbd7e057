/** Evaluates a checked expression over an event, in three-valued logic. */
import type { Bytes } from './bytes.js';
import type { Event } from './event.js';
import type { Comparison, Expression, Matcher, ValueTerm } from './expression.js';
import type { IteratorName } from './field.js';
import { holds } from './integer.js';
import { overlaps } from './ip.js';
import { limits } from './limits.js';
import { lowerCase, matches, matchesPrefix } from './matcher.js';
import { matchesAny } from './matcher-set.js';
import { type Context, readField, readIp, readTerm, readText, readVariable, type Scene } from './read.js';
import { searchableBytes } from './regexp.js';
import { every, negate, some, type Truth } from './truth.js';
import { type Element, isIp, type Reading, unknown, type Value } from './value.js';

/** Whether the expression holds of the event; unknown when that hangs on something that was not read. */
export function evaluate(expression: Expression, event: Event, context: Context): Truth {
  return test(expression, { event, context });
}

/**
 * An exec of a script has one view for each level, the script and its interpreter. The expression holds if it holds for
 * any of them.
 */
export function evaluateViews(expression: Expression, views: readonly Event[], context: Context): Truth {
  return some(views, (view) => evaluate(expression, view, context));
}

/** The value of a term: one element, or an array where `shape` says so. What hangs on an unread fact is unknown. */
export function evaluateValue(term: ValueTerm, shape: 'scalar' | 'array', event: Event, context: Context): Value {
  const { elements, complete } = readValue(term, { event, context });
  if (shape === 'array') return complete ? elements : { known: 'elements', elements };
  return elements[0] ?? unknown;
}

function readValue(term: ValueTerm, scene: Scene): Reading {
  switch (term.value) {
    case 'truth': {
      const truth = test(term.expression, scene);
      return { elements: [truth === 'unknown' ? unknown : truth], complete: true };
    }
    case 'number':
      return readTerm(term.term, scene);
    case 'text':
      return readText(term.text, scene);
    case 'address':
      return readIp(term.ip, scene);
  }
}

function test(expression: Expression, scene: Scene): Truth {
  switch (expression.node) {
    case 'constant':
      return expression.value;
    case 'and':
      return every(expression.operands, (operand) => test(operand, scene));
    case 'or':
      return some(expression.operands, (operand) => test(operand, scene));
    case 'not':
      return negate(test(expression.operand, scene));
    case 'equivalent': {
      const left = test(expression.left, scene);
      const right = test(expression.right, scene);
      return left === 'unknown' || right === 'unknown' ? 'unknown' : left === right;
    }
    case 'match':
      return anyElement(readField(expression.field, scene), (element) => matchElement(element, expression.matchers));
    case 'text-match':
      return anyElement(readText(expression.text, scene), (element) => matchElement(element, expression.matchers));
    case 'text':
      return anyEqual(readText(expression.left, scene), readText(expression.right, scene), expression.foldCase);
    case 'flag':
      return anyElement(readField(expression.field, scene), booleanIs(true));
    case 'unset':
      return anyElement(readField(expression.field, scene), booleanIs(false));
    case 'variable':
      return anyElement(readVariable(expression.variable, scene), booleanIs(true));
    case 'compare':
      return anyPair(readTerm(expression.left, scene), readTerm(expression.right, scene), (left, right) =>
        compareNumbers(expression.operator, left, right),
      );
    case 'member':
      return anyElement(readTerm(expression.term, scene), (element) =>
        typeof element === 'bigint' ? expression.values.includes(element) : 'unknown',
      );
    case 'age':
      return anyElement(readTerm(expression.time, scene), (time) =>
        typeof time === 'bigint'
          ? holds(expression.operator, scene.context.now - time, expression.nanoseconds)
          : 'unknown',
      );
    case 'ip': {
      const address = readIp(expression.address, scene);
      const networks = readIp(expression.networks, scene);
      return expression.quantifier === 'any'
        ? anyPair(address, networks, overlap)
        : everyPair(address, networks, overlap);
    }
    case 'some':
      return forSomeElement(expression.iterator, expression.body, scene);
  }
}

/** The whole body holds with the register at one same element. */
function forSomeElement(iterator: IteratorName, body: Expression, scene: Scene): Truth {
  const list = scene.event.iterate(iterator);
  const reached = list.elements.slice(0, limits.registerElements.value);
  const found = some(reached, (element) => test(body, { ...scene, at: { iterator, element } }));
  if (found !== false || (list.complete && reached.length === list.elements.length)) return found;
  // There may be others, of which nothing is known; sometimes that is enough.
  return test(body, { ...scene, at: { iterator, element: unknownElement } }) === false ? false : 'unknown';
}

const unknownElement: Event = {
  get: () => unknown,
  iterate: () => ({ elements: [], complete: false }),
};

function anyElement({ elements, complete }: Reading, of: (element: Element) => Truth): Truth {
  const found = some(elements, of);
  return found === false && !complete ? 'unknown' : found;
}

function anyPair(left: Reading, right: Reading, of: (left: Element, right: Element) => Truth): Truth {
  return anyElement(left, (one) => anyElement(right, (other) => of(one, other)));
}

function everyPair(left: Reading, right: Reading, of: (left: Element, right: Element) => Truth): Truth {
  const all = every(left.elements, (one) => every(right.elements, (other) => of(one, other)));
  return all === true && !(left.complete && right.complete) ? 'unknown' : all;
}

function matchElement(element: Element, matchers: readonly Matcher[]): Truth {
  if (typeof element === 'string') return matchText(element, matchers);
  const prefix = prefixOf(element);
  if (prefix === undefined) return 'unknown';
  return matchers.some((matcher) => matchesPrefix(matcher, prefix)) ? true : 'unknown';
}

/** A value shorter than this may be searched for any regular expression. */
const alwaysSearchable = limits.regexpSearch.value / limits.regexpProgram.value;

/** A value that is too long to be searched to its end is known in part, for the regular expressions in question. */
function matchText(value: Bytes, matchers: readonly Matcher[]): Truth {
  if (value.length <= alwaysSearchable) return matchesAny(matchers, value);
  const searchable = (matcher: Matcher) =>
    matcher.kind === 'regexp' ? searchableBytes(matcher.source) : Number.POSITIVE_INFINITY;
  const tooMuch = matchers.filter((matcher) => searchable(matcher) < value.length);
  if (tooMuch.length === 0) return matchesAny(matchers, value);
  const rest = matchers.filter((matcher) => !tooMuch.includes(matcher));
  if (rest.some((matcher) => matches(matcher, value))) return true;
  return tooMuch.some((matcher) => matchesPrefix(matcher, value.slice(0, searchable(matcher)))) ? true : 'unknown';
}

function prefixOf(element: Element): Bytes | undefined {
  return typeof element === 'object' && 'known' in element && element.known === 'prefix' ? element.prefix : undefined;
}

/** Two long lists are compared through a set: an exec may have a hundred thousand arguments. */
function anyEqual(left: Reading, right: Reading, foldCase: true | undefined): Truth {
  const texts = (reading: Reading) =>
    reading.elements.flatMap((element) =>
      typeof element === 'string' ? [foldCase ? lowerCase(element) : element] : [],
    );
  const known = new Set(texts(right));
  if (texts(left).some((text) => known.has(text))) return true;
  if (left.elements.length === 0 && left.complete) return false;
  if (right.elements.length === 0 && right.complete) return false;
  const isKnown = (reading: Reading) => reading.complete && reading.elements.every((one) => typeof one === 'string');
  return isKnown(left) && isKnown(right) ? false : 'unknown';
}

function booleanIs(value: boolean): (element: Element) => Truth {
  return (element) => (typeof element === 'boolean' ? element === value : 'unknown');
}

function compareNumbers(operator: Comparison, left: Element, right: Element): Truth {
  return typeof left === 'bigint' && typeof right === 'bigint' ? holds(operator, left, right) : 'unknown';
}

function overlap(left: Element, right: Element): Truth {
  return isIp(left) && isIp(right) ? overlaps(left, right) : 'unknown';
}
