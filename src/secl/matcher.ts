import type { Bytes } from './bytes.js';
import type { Matcher } from './expression.js';
import { matchesGlob, parseGlob } from './glob.js';
import { dependsOnEnd, matchesRegexp, matchesRegexpPrefix } from './regexp.js';
import { matchesWildcard } from './wildcard.js';

/** Whether a value that is known whole matches. */
export function matches(matcher: Matcher, value: Bytes): boolean {
  switch (matcher.kind) {
    case 'exact':
      return matcher.bytes === (matcher.foldCase ? lowerCase(value) : value);
    case 'wildcard':
      return matchesWildcard(matcher, matcher.foldCase ? lowerCase(value) : value);
    case 'glob':
      return matchesGlob(matcher.pattern, value);
    case 'regexp':
      return matchesRegexp(matcher.source, value);
  }
}

/**
 * Whether every value that begins with this prefix matches, as far as that is decided: only for prefix-certain
 * matchers; for the others the answer is no. So it is before the first byte, even for a regular expression that matches
 * everything: the kernel's automata speak when they have read something.
 */
export function matchesPrefix(matcher: Matcher, prefix: Bytes): boolean {
  if (prefix === '' || !isPrefixCertain(matcher)) return false;
  return matcher.kind === 'regexp' ? matchesRegexpPrefix(matcher.source, prefix) : matches(matcher, prefix);
}

/**
 * A prefix-certain matcher that matches the beginning of a value matches the value: a wildcard that ends in a star and
 * has a literal piece, a path pattern that ends in `/**` with literal text and no other star, a regular expression
 * without an assertion about what follows. The kernel's automata emit these as soon as they have matched.
 */
export function isPrefixCertain(matcher: Matcher): boolean {
  switch (matcher.kind) {
    case 'exact':
      return false;
    case 'wildcard':
      return !matcher.anchoredEnd && matcher.segments.length > 0;
    case 'glob': {
      const { before, after } = parseGlob(matcher.pattern);
      return (
        after?.length === 0 &&
        before.some((segment) => segment !== '') &&
        before.every((segment) => !segment.includes('*'))
      );
    }
    case 'regexp':
      return !dependsOnEnd(matcher.source);
  }
}

/** ASCII letters only: the names that are compared without regard to case are host names. */
export function lowerCase(value: Bytes): Bytes {
  return value.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
