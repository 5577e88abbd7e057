/**
 * Readers of `args_flags` and `args_options`: the tokenizer of the reference as deterministic automata over the argument
 * block. src/secl/arguments.ts states the same rules over whole lists.
 */
import { END, NUL } from './automaton.js';
import { DEAD, type Machine } from './machine.js';
import { type Reader, refine, type Telling } from './reader.js';

const DASH = 0x2d;
const EQUALS = 0x3d;

/** Places in an argument, packed with the machine's state. */
const BORDER = 0; // nothing of this argument was read
const DASHED = 1; // -
const DOUBLY = 2; // --
const SKIPPING = 3; // no option
const NAME = 4; // in the name, more than one byte
const INITIAL = 5; // after the first byte of the name
const WAITING = 6; // after a name without =, before the argument that may be its value
const VALUE = 7; // in the value
const PLACES = 8;

const at = (place: number, state: number = DEAD) => state * PLACES + place;
const silent = (state: number) => state * 2;
const telling = (state: number, matched: boolean) => state * 2 + (matched ? 1 : 0);

function isAlphanumeric(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

/** What a byte is to the tokenizer. */
function sort(byte: number): number {
  if (byte === NUL) return 1;
  if (byte === DASH) return 2;
  if (byte === EQUALS) return 3;
  return isAlphanumeric(byte) ? 4 : 0;
}

/**
 * Flags of more than one byte: `--name`, `-name`, without `=`. A flag is certain only with its whole argument, so the
 * machine must keep what it found.
 */
export function longFlagReader(machine: Machine): Reader {
  return {
    start: at(BORDER),
    classMap: refine(machine.classMap, sort),
    absent: 'does-not-match',
    step(packed, symbol) {
      const place = packed % PLACES;
      const state = Math.floor(packed / PLACES);
      if (symbol === NUL || symbol === END) return telling(at(BORDER), place === NAME && machine.accepts(state));
      if (place === BORDER) return silent(at(symbol === DASH ? DASHED : SKIPPING));
      if (place === DASHED && symbol === DASH) return silent(at(DOUBLY));
      if (place === SKIPPING || symbol === EQUALS) return silent(at(SKIPPING));
      if (place === NAME || place === INITIAL) return silent(at(NAME, machine.step(state, symbol)));
      return silent(at(INITIAL, machine.step(machine.start, symbol)));
    },
  };
}

/** Flags of one character: any of `characters` in an argument of one dash and letters and digits. */
export function shortFlagReader(characters: ReadonlySet<number>): Reader {
  const FOUND = 1;
  return {
    start: at(BORDER),
    classMap: refine(new Uint8Array(256), (byte) => sort(byte) + (characters.has(byte) ? 8 : 0)),
    absent: 'does-not-match',
    step(packed, symbol) {
      const place = packed % PLACES;
      if (symbol === NUL || symbol === END) return telling(at(BORDER), place === NAME && packed === at(NAME, FOUND));
      if (place === BORDER) return silent(at(symbol === DASH ? DASHED : SKIPPING));
      if (place === SKIPPING || !isAlphanumeric(symbol)) return silent(at(SKIPPING));
      return silent(characters.has(symbol) || packed === at(NAME, FOUND) ? at(NAME, FOUND) : at(NAME));
    },
  };
}

/** Options: `--name=value`, or `--name` and the next argument unless that begins with a dash. */
export function optionReader(machine: Machine, when: Telling): Reader {
  /** The name has its `=`: from here on it is an option, and a certain match can be told. */
  const goOn = (state: number, byte: number) => {
    const to = machine.step(state, byte);
    const hit = when === 'prefix-certain' && machine.hits(to);
    return hit ? telling(at(SKIPPING), true) : silent(at(VALUE, to));
  };
  return {
    start: at(BORDER),
    classMap: refine(machine.classMap, sort),
    absent: 'does-not-match',
    step(packed, symbol) {
      const place = packed % PLACES;
      const state = Math.floor(packed / PLACES);
      if (symbol === NUL || symbol === END) {
        if (place === NAME && symbol === NUL) return silent(at(WAITING, machine.step(state, EQUALS)));
        return telling(at(BORDER), (place === WAITING || place === VALUE) && machine.accepts(state));
      }
      switch (place) {
        case BORDER:
          return silent(at(symbol === DASH ? DASHED : SKIPPING));
        case DASHED:
        case DOUBLY:
          if (place === DASHED && symbol === DASH) return silent(at(DOUBLY));
          return silent(isAlphanumeric(symbol) ? at(NAME, machine.step(machine.start, symbol)) : at(SKIPPING));
        case NAME:
          return symbol === EQUALS ? goOn(state, EQUALS) : silent(at(NAME, machine.step(state, symbol)));
        case WAITING:
          return symbol === DASH ? silent(at(DASHED)) : goOn(state, symbol);
        case VALUE:
          return goOn(state, symbol);
        default:
          return silent(at(SKIPPING));
      }
    },
  };
}
