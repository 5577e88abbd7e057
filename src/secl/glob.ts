/**
 * Patterns on `.path` fields. A path is a row of segments between slashes; `*` stays inside one segment; `**`, when it
 * is a segment of its own, stands for any number of segments, none included.
 */
import type { Bytes } from './bytes.js';
import { matchesWildcard, wildcard } from './wildcard.js';

/** A path pattern taken apart: segments before and after `**`, or the only segments when there is none. */
export interface Glob {
  readonly before: readonly Bytes[];
  /** Absent: no `**`, the path has exactly the segments of `before`. */
  readonly after?: readonly Bytes[];
  /** The pattern begins with a segment `*`, which is read as `/*`: the first byte of the path is passed over. */
  readonly skipsFirst: boolean;
}

/** Why a path pattern cannot be used, if it cannot. */
export function globProblem(pattern: Bytes): string | undefined {
  return globSegments(pattern).filter((segment) => segment === '**').length > 1
    ? '** is allowed once in a path pattern'
    : undefined;
}

/** Takes a pattern with at least one star apart. */
export function parseGlob(pattern: Bytes): Glob {
  const segments = globSegments(pattern);
  const deep = segments.indexOf('**');
  const skipsFirst = segments[0] === '*';
  if (deep === -1) return { before: segments, skipsFirst };
  return { before: segments.slice(0, deep), after: segments.slice(deep + 1), skipsFirst };
}

/** Whether a path matches a path pattern. The empty path matches nothing; a pattern without star is an exact test. */
export function matchesGlob(pattern: Bytes, path: Bytes): boolean {
  if (path === '') return false;
  if (!pattern.includes('*')) return pattern === path;
  const glob = parseGlob(pattern);
  const segments = (glob.skipsFirst ? path.slice(1) : path).split('/');
  if (glob.after === undefined) {
    return segments.length === glob.before.length && matchesSegments(glob.before, segments);
  }
  // The reference checks beginning and end apart, so that they may overlap: /a/**/a/b matches /a/b. The end is
  // compared on the path as it is, first byte included.
  const all = path.split('/');
  return (
    segments.length > glob.before.length &&
    matchesSegments(glob.before, segments) &&
    all.length > glob.after.length &&
    matchesSegments(glob.after, all.slice(all.length - glob.after.length))
  );
}

/** The segments of a pattern; `**` that is glued to text is an ordinary star. */
function globSegments(pattern: Bytes): Bytes[] {
  return pattern.split('/').map((segment) => (segment === '**' ? segment : segment.replaceAll('**', '*')));
}

function matchesSegments(patterns: readonly Bytes[], segments: readonly Bytes[]): boolean {
  return patterns.every((pattern, at) => {
    const matcher = wildcard(pattern);
    const segment = segments[at]!;
    return matcher.kind === 'exact' ? matcher.bytes === segment : matchesWildcard(matcher, segment);
  });
}
