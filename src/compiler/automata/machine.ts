/** Matchers that are not plain words, as deterministic machines over the bytes of one value. */
import type { Bytes } from '../../secl/index.js';

/** The state from which nothing matches any more, of every machine. */
export const DEAD = 0;

/**
 * A deterministic machine whose states are numbered as they are met. `hits` and `accepts` differ for a matcher that a
 * prefix can satisfy: it hits as soon as it has matched.
 */
export interface Machine {
  readonly start: number;
  /** Bytes with the same number here behave alike in every state. */
  readonly classMap: Uint8Array;
  /** `forgets`: after a hit the machine goes on as if nothing had matched; otherwise it stays in a hit. */
  readonly memory: 'keeps' | 'forgets';
  step(state: number, byte: number): number;
  /** The value ends here: does it match? */
  accepts(state: number): boolean;
  /** Every value that begins with what was read matches. */
  hits(state: number): boolean;
}

/** Numbers the states of a machine by a key, from 1: 0 is DEAD. */
export class States<State> {
  private readonly numbers = new Map<string | number, number>();
  private readonly states: State[] = [];

  number(key: string | number, make: () => State): number {
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.states.push(make());
      this.numbers.set(key, number);
    }
    return number;
  }

  get(number: number): State {
    return this.states[number - 1]!;
  }
}

/** Each byte of the text has a class of its own, all others share one. */
export function literalClasses(text: Bytes): Uint8Array {
  const map = new Uint8Array(256);
  let classes = 1;
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i);
    if (map[byte] === 0) map[byte] = classes++ & 0xff;
  }
  return map;
}
