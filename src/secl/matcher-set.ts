import type { Bytes } from './bytes.js';
import type { Matcher } from './expression.js';
import { matches } from './matcher.js';

/** Lists shorter than this are walked: a set would cost more than it saves. */
const worthASet = 8;

interface MatcherSet {
  readonly exact: ReadonlySet<Bytes>;
  readonly others: readonly Matcher[];
}

const sets = new WeakMap<readonly Matcher[], MatcherSet>();

/** Whether a value matches any of the matchers; exact ones are looked up, so that a list may have thousands. */
export function matchesAny(matchers: readonly Matcher[], value: Bytes): boolean {
  if (matchers.length < worthASet) return matchers.some((matcher) => matches(matcher, value));
  const { exact, others } = setOf(matchers);
  return exact.has(value) || others.some((matcher) => matches(matcher, value));
}

function setOf(matchers: readonly Matcher[]): MatcherSet {
  const known = sets.get(matchers);
  if (known !== undefined) return known;
  const exact = new Set<Bytes>();
  const others: Matcher[] = [];
  for (const matcher of matchers) {
    if (matcher.kind === 'exact' && matcher.foldCase === undefined) exact.add(matcher.bytes);
    else others.push(matcher);
  }
  const set = { exact, others };
  sets.set(matchers, set);
  return set;
}
