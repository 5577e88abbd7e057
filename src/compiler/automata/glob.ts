/** Path globs as machines, with the reading of src/secl/glob.ts: what stands before `**` and what stands after it are two
 * tests on one path. */

import { type Glob, parseGlob } from '../../secl/glob.js';
import type { Bytes } from '../../secl/index.js';
import { DEAD, literalClasses, type Machine, States } from './machine.js';
import { literalMachine } from './wildcard.js';

const SLASH = 0x2f;

/** Any byte but a slash, any number of times. */
const STAR = -1;
/** Any one byte. */
const ANY = -2;

interface State {
  /** Positions reached in the tokens of each part. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly empty: 'empty' | 'not-empty';
}

/** A glob with at least one star. `certain`: it hits as soon as its beginning has matched. */
export function globMachine(pattern: Bytes, certain: 'prefix-certain' | 'at-end'): Machine {
  if (!pattern.includes('*')) return literalMachine({ kind: 'exact', bytes: pattern });
  const glob = parseGlob(pattern);
  const before = tokensBefore(glob);
  const after = tokens((glob.after ?? []).flatMap((segment) => ['/', segment]).join(''));
  const deep = glob.after !== undefined;
  const anywhere = glob.after !== undefined && glob.after.length > 0;

  const states = new States<State>();
  const number = (state: State) =>
    state.before.length === 0
      ? DEAD
      : states.number(`${state.before.join()}|${state.after.join()}|${state.empty}`, () => state);

  const accepts = (number: number) => {
    if (number === DEAD) return false;
    const state = states.get(number);
    return (
      state.empty === 'not-empty' &&
      state.before.includes(before.length) &&
      (!anywhere || state.after.includes(after.length))
    );
  };
  return {
    start: number({ before: closure(before, [0]), after: anywhere ? [0] : [], empty: 'empty' }),
    classMap: literalClasses(`/${pattern}`),
    memory: 'keeps',
    step(from, byte) {
      if (from === DEAD) return DEAD;
      const state = states.get(from);
      const next = advance(before, state.before, byte);
      // With `**` the rest of the path is free once all before it has matched.
      if (deep && state.before.includes(before.length)) next.push(before.length);
      const ends = anywhere ? advance(after, state.after, byte) : [];
      if (anywhere) ends.push(0);
      return number({ before: closure(before, next), after: closure(after, ends), empty: 'not-empty' });
    },
    accepts,
    hits: (state) => certain === 'prefix-certain' && accepts(state),
  };
}

function tokensBefore(glob: Glob): number[] {
  const text = glob.before.join('/') + (glob.after !== undefined && glob.before.length > 0 ? '/' : '');
  return glob.skipsFirst ? [ANY, ...tokens(text)] : tokens(text);
}

function tokens(text: Bytes): number[] {
  return Array.from(text, (byte) => (byte === '*' ? STAR : byte.charCodeAt(0)));
}

/** The positions with those behind a star that stands for nothing, sorted. */
function closure(pattern: readonly number[], positions: readonly number[]): number[] {
  const all = new Set<number>();
  for (let position of positions) {
    all.add(position);
    while (pattern[position] === STAR) all.add(++position);
  }
  return [...all].sort((a, b) => a - b);
}

function advance(pattern: readonly number[], positions: readonly number[], byte: number): number[] {
  const next: number[] = [];
  for (const position of positions) {
    const token = pattern[position];
    if (token === STAR && byte !== SLASH) next.push(position);
    else if (token === ANY || token === byte) next.push(position + 1);
  }
  return next;
}
