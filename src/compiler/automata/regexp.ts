/**
 * Regular expressions as machines over bytes. re2js compiles the expression to a program over runes; a state is the
 * search in that program together with the bytes of a rune that is not complete yet. Decoding is Go's: a byte that is no
 * part of a valid sequence is one U+FFFD.
 */
import { DEAD, type Machine, States } from './machine.js';
import { regexpProgram } from './regexp-program.js';
import { RuneSearch } from './rune-search.js';
import { byteClasses, eachClass, REPLACEMENT, runeClass } from './runes.js';
import { decodeFirst, decodeNext, type Outcome, type Pending, pendingKey } from './utf8.js';

/**
 * How the machine says that the expression occurs. `forgetting`: a hit wherever an occurrence ends, not remembered; for
 * expressions that no later byte can undo. `keeping`: the same, kept. `at-end`: kept, and told only at the end.
 */
export type RegexpReading = 'forgetting' | 'keeping' | 'at-end';

interface State {
  readonly search: number;
  readonly pending?: Pending;
  /** An occurrence ended with the last byte, perhaps before a rune that it began. */
  readonly hit: boolean;
}

/** The machine of an expression that re2js accepts. */
export function regexpMachine(source: string, reading: RegexpReading): Machine {
  const search = new RuneSearch(regexpProgram(source), reading === 'forgetting' ? 'forgets' : 'keeps');
  const { runes, memory } = search;
  const replacement = runeClass(runes, REPLACEMENT);
  const states = new States<State>();
  const number = (state: State) => {
    if (!state.hit && state.pending === undefined && search.isHopeless(state.search)) return DEAD;
    const plain = state.search * 2 + (state.hit ? 1 : 0);
    return states.number(state.pending === undefined ? plain : `${plain} ${pendingKey(state.pending)}`, () => state);
  };
  /** Where a rune leads the search from a state. */
  const outcomeFrom = (from: number): Outcome => ({
    of: (rune) => search.step(from, runeClass(runes, rune)),
    common(low, high) {
      let common: number | undefined;
      eachClass(runes, low, high, (found) => {
        const to = search.step(from, found);
        const same = common === undefined || common === to;
        common = same ? to : undefined;
        return same ? 'on' : 'enough';
      });
      return common;
    },
  });
  /** The search when the pending bytes turn out to be no rune: each is U+FFFD. */
  const flush = ({ search: from, pending }: State) => {
    let to = from;
    let hit = false;
    for (let count = pending?.count ?? 0; count > 0; count--) {
      to = search.step(to, replacement);
      hit ||= search.isHit(to);
    }
    return { to, hit };
  };
  /**
   * Where the search will stand whatever becomes of the pending bytes, a rune or so many U+FFFD. That is so in most states of
   * expressions over ASCII, and saves them all states with pending bytes.
   */
  const settledBy = (from: number, { rest }: Pending): number | undefined => {
    if (!('outcome' in rest) || search.isHit(rest.outcome)) return undefined;
    const to = search.step(from, replacement);
    return to === rest.outcome && search.step(to, replacement) === to ? to : undefined;
  };

  return {
    start: number({ search: search.start, hit: search.isHit(search.start) }),
    classMap: byteClasses(runes),
    memory,
    step(from, byte) {
      if (from === DEAD) return DEAD;
      const state = states.get(from);
      if (search.isKept(state.search)) return from;
      const { pending } = state;
      const goesOn = pending !== undefined && byte >= pending.low && byte <= pending.high;
      const { to, hit } = goesOn ? { to: state.search, hit: false } : flush(state);
      const outcome = outcomeFrom(to);
      const decoded = goesOn ? decodeNext(outcome, pending, byte) : decodeFirst(outcome, byte);
      if (decoded.kind === 'pending') {
        const settled = settledBy(to, decoded.pending);
        return number(settled === undefined ? { search: to, pending: decoded.pending, hit } : { search: settled, hit });
      }
      return number({ search: decoded.outcome, hit: hit || search.isHit(decoded.outcome) });
    },
    accepts(from) {
      if (from === DEAD) return false;
      const state = states.get(from);
      const { to, hit } = flush(state);
      return hit || search.acceptsAtEnd(to);
    },
    hits: (from) => from !== DEAD && reading !== 'at-end' && states.get(from).hit,
  };
}
