/** Machines over one value made into readers of a whole stream, for each way in which bytes make up values. */
import { END, NUL, type View } from './automaton.js';
import { DEAD, type Machine } from './machine.js';

/**
 * A deterministic reader of the bytes of a stream and END that says when its matcher has matched. A step gives twice the
 * next state, plus one when it matched with this symbol.
 */
export interface Reader {
  readonly start: number;
  /** Bytes with the same number behave alike. */
  readonly classMap: Uint8Array;
  step(state: number, symbol: number): number;
  /** Whether it matches when the stream does not exist at all: an empty string, but no element. */
  readonly absent: 'matches' | 'does-not-match';
}

/** When a match is told: as soon as it is certain, or only when the value is known to its end. */
export type Telling = 'prefix-certain' | 'at-end';

const SPACE = 0x20;
const EQUALS = 0x3d;

/** Where in a value the reader stands, packed with the machine's state. */
const FRESH = 0;
const INSIDE = 1;
const SKIPPING = 2;
const PLACES = 3;

/** Reads a value of a string, of the joined arguments, each argument, or each name of an environment. */
export function valueReader(view: View, machine: Machine, telling: Telling): Reader {
  const fresh = machine.start * PLACES + FRESH;
  const skipping = DEAD * PLACES + SKIPPING;
  const blocks = view === 'elements' || view === 'names';

  const ends = (state: number, next: number) => {
    const matched = state % PLACES !== SKIPPING && machine.accepts(Math.floor(state / PLACES));
    return next * 2 + (matched ? 1 : 0);
  };
  return {
    start: fresh,
    classMap: refine(machine.classMap, (byte) => {
      if (byte === NUL) return view === 'joined' ? machine.classMap[SPACE]! + 2 : 1;
      if (view === 'joined') return machine.classMap[byte]! + 2;
      return view === 'names' && byte === EQUALS ? 2 : 0;
    }),
    step(state, symbol) {
      if (symbol === END || (blocks && symbol === NUL)) return ends(state, fresh);
      const place = state % PLACES;
      if (place === SKIPPING) return skipping * 2;
      if (view === 'names' && symbol === EQUALS) return ends(state, skipping);
      const from = Math.floor(state / PLACES);
      const to = machine.step(from, view === 'joined' && symbol === NUL ? SPACE : symbol);
      const hit = telling === 'prefix-certain' && (machine.hits(to) || (place === FRESH && machine.hits(from)));
      if (hit && machine.memory === 'keeps') return skipping * 2 + 1;
      return (to * PLACES + INSIDE) * 2 + (hit ? 1 : 0);
    },
    absent: !blocks && machine.accepts(machine.start) ? 'matches' : 'does-not-match',
  };
}

/** Splits the classes of a machine further by what the view sees in a byte. */
export function refine(classMap: Uint8Array, split: (byte: number) => number): Uint8Array {
  const numbers = new Map<number, number>();
  return classMap.map((machineClass, byte) => {
    const key = machineClass + 1024 * split(byte);
    let number = numbers.get(key);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(key, number);
    }
    return number;
  });
}
