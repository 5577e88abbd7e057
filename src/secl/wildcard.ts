import type { Bytes } from './bytes.js';
import type { Matcher } from './expression.js';

type Wildcard = Extract<Matcher, { kind: 'wildcard' }>;

/**
 * A pattern on an ordinary field: `*` is any run of bytes, and the pattern covers the whole value. Without a star it is
 * an exact test.
 */
export function wildcard(pattern: Bytes): Extract<Matcher, { kind: 'exact' | 'wildcard' }> {
  if (!pattern.includes('*')) return { kind: 'exact', bytes: pattern };
  return {
    kind: 'wildcard',
    pattern,
    segments: pattern.split('*').filter((segment) => segment !== ''),
    anchoredStart: !pattern.startsWith('*'),
    anchoredEnd: !pattern.endsWith('*'),
  };
}

/** Whether the pieces occur in order, the anchored ones at the ends. Linear: each piece is taken as early as it can be. */
export function matchesWildcard({ segments, anchoredStart, anchoredEnd }: Wildcard, value: Bytes): boolean {
  let from = 0;
  let to = value.length;
  let first = 0;
  let last = segments.length;
  if (anchoredStart) {
    if (!value.startsWith(segments[0]!)) return false;
    from = segments[0]!.length;
    first = 1;
  }
  if (anchoredEnd) {
    const segment = segments[last - 1]!;
    if (!value.endsWith(segment)) return false;
    to -= segment.length;
    last--;
  }
  for (let index = first; index < last; index++) {
    const at = value.indexOf(segments[index]!, from);
    if (at === -1) return false;
    from = at + segments[index]!.length;
  }
  return from <= to;
}
