import { type Bytes, toBytes } from '../bytes.js';
import { SeclError } from '../errors.js';
import type { Matcher } from '../expression.js';
import type { Field } from '../field.js';
import { globProblem } from '../glob.js';
import { limits } from '../limits.js';
import { lowerCase } from '../matcher.js';
import { regexpProblem } from '../regexp.js';
import { wildcard } from '../wildcard.js';
import type { StringLiteral } from './operand.js';

/** The tests that literals become on a field (or on another source of strings, without field). */
export function matchersOf(literals: readonly StringLiteral[], field?: Field): Matcher[] {
  return literals.flatMap((literal) => matcherOf(literal, field) ?? []);
}

/** Undefined: the literal matches nothing (an empty path pattern). */
function matcherOf(literal: StringLiteral, field: Field | undefined): Matcher | undefined {
  const isPath = field?.path === true;
  if (isPath) checkPath(literal, field);
  const fold = field?.foldCase === true ? ({ foldCase: true } as const) : {};
  const folded = (bytes: Bytes) => (field?.foldCase === true ? lowerCase(bytes) : bytes);
  switch (literal.form) {
    case 'exact':
      return { kind: 'exact', bytes: folded(bytesOf(literal)), ...fold };
    case 'pattern': {
      const pattern = folded(bytesOf(literal));
      if (!isPath) return { ...plainPattern(pattern, literal), ...fold };
      if (pattern === '') return undefined;
      return pattern.includes('*') ? { kind: 'glob', pattern } : { kind: 'exact', bytes: pattern };
    }
    case 'regexp': {
      const problem = regexpProblem(literal.text);
      if (problem !== undefined) throw new SeclError('pattern', `invalid regular expression: ${problem}`, literal.span);
      return { kind: 'regexp', source: literal.text };
    }
  }
}

function plainPattern(pattern: Bytes, literal: StringLiteral): ReturnType<typeof wildcard> {
  if (pattern.includes('**')) {
    throw new SeclError('pattern', '** is for path patterns only: * already matches any text here', literal.span);
  }
  return wildcard(pattern);
}

function bytesOf(literal: StringLiteral): Bytes {
  const bytes = toBytes(literal.text);
  if (bytes.length > limits.patternLength.value) {
    throw new SeclError('limit', `the string is longer than ${limits.patternLength.value} bytes`, literal.span);
  }
  return bytes;
}

/**
 * What a path literal must be, so that it can match at all: absolute (or beginning with a star), without empty, `.` and
 * `..` segments, within the kernel's lengths.
 */
function checkPath(literal: StringLiteral, field: Field): void {
  const { text, form, span } = literal;
  const refuse = (why: string) => {
    throw new SeclError('pattern', `${why} in a value of ${field.name}`, span);
  };
  if (form === 'regexp') refuse('a regular expression cannot be used');
  if (text === '') return;
  if (!text.startsWith('/') && !text.startsWith('*')) refuse('a path must be absolute or begin with *');
  const segments = text.split('/');
  // A pattern may end in a slash, as /etc/ does: it matches no file, and the reference's matcher takes it.
  const inner =
    form === 'pattern' && text.startsWith('/') && text.endsWith('/') ? segments.slice(1, -1) : segments.slice(1);
  if (text !== '/' && inner.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    refuse('a path has no empty, . or .. segment');
  }
  if (segments[0] === '..' || segments[0] === '.') refuse('a path has no . or .. segment');
  if (segments.length > limits.pathDepth.value) refuse(`more than ${limits.pathDepth.value} segments`);
  if (segments.some((segment) => toBytes(segment).length > limits.pathSegment.value)) {
    refuse(`a segment longer than ${limits.pathSegment.value} bytes`);
  }
  const problem = form === 'pattern' ? globProblem(toBytes(text)) : undefined;
  if (problem !== undefined) refuse(problem);
}
