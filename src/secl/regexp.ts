/** Regular expressions: RE2 syntax, searched (not anchored), over the value decoded as Go does. */
import { RE2JS } from 're2js';
import type { Bytes } from './bytes.js';
import { limits } from './limits.js';
import { decodeUtf8, withoutIncompleteTail } from './utf8.js';

const compiled = new Map<string, RE2JS>();

/** Why a regular expression cannot be used, if it cannot. */
export function regexpProblem(source: string): string | undefined {
  if (source.length > limits.regexpLength.value) {
    return `the regular expression is longer than ${limits.regexpLength.value} characters`;
  }
  try {
    const size = compile(source).programSize();
    if (size <= limits.regexpProgram.value) return undefined;
    return `the regular expression compiles to ${size} instructions, more than ${limits.regexpProgram.value}`;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
  }
}

/** How many bytes of a value may be searched for the regular expression. */
export function searchableBytes(source: string): number {
  return Math.floor(limits.regexpSearch.value / compile(source).programSize());
}

/** Whether the regular expression occurs in the value. */
export function matchesRegexp(source: string, value: Bytes): boolean {
  return compile(source).matcher(decodeUtf8(value)).find();
}

/** Whether it occurs in every value that begins with this prefix; only for a prefix-certain regular expression. */
export function matchesRegexpPrefix(source: string, prefix: Bytes): boolean {
  return matchesRegexp(source, withoutIncompleteTail(prefix));
}

/**
 * Whether the expression has an assertion about what follows: `$`, `\z`, `\b`, `\B`. With one, a match in a prefix may be
 * undone by the rest of the value.
 */
export function dependsOnEnd(source: string): boolean {
  for (let at = 0; at < source.length; at++) {
    switch (source[at]) {
      case '$':
        return true;
      case '\\': {
        const escaped = source[++at];
        if (escaped === 'z' || escaped === 'b' || escaped === 'B') return true;
        if (escaped === 'Q') at = endOfLiteral(source, at);
        break;
      }
      case '[':
        at = endOfClass(source, at);
        break;
    }
  }
  return false;
}

/** The offset of the last character of a `\Q...\E` literal; it may run to the end. */
function endOfLiteral(source: string, at: number): number {
  const close = source.indexOf('\\E', at);
  return close === -1 ? source.length : close + 1;
}

/** The offset of the bracket that closes the class which opens at `at`. */
function endOfClass(source: string, at: number): number {
  let index = at + 1;
  if (source[index] === '^') index++;
  // A bracket that comes first is a member of the class.
  if (source[index] === ']') index++;
  for (; index < source.length && source[index] !== ']'; index++) {
    if (source[index] === '\\') index++;
    else if (source.startsWith('[:', index)) {
      const close = source.indexOf(':]', index + 2);
      if (close !== -1) index = close + 1;
    }
  }
  return index;
}

function compile(source: string): RE2JS {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const fresh = RE2JS.compile(source);
  if (compiled.size >= limits.compiledRegexps.value) compiled.delete(compiled.keys().next().value!);
  compiled.set(source, fresh);
  return fresh;
}
