/** A finished automaton, as the image stores it. */
import type { ListId } from './outputs.js';

/**
 * How the bytes of a stream make up values. A string is one value. `joined`: the strings of a block joined by a space.
 * `elements`: each string of a block is a value. `names`: what stands before the first `=` of each string of a block.
 */
export type View = 'string' | 'joined' | 'elements' | 'names';

/**
 * A deterministic automaton over bytes and END. `rows` holds, state after state, one target for each class and one for
 * END. Targets below `states` are states; others are finals, which END alone leads to and nothing leaves.
 */
export interface Automaton {
  readonly kind: 'words' | 'group' | 'joined';
  readonly view: View | 'mixed';
  readonly classMap: Uint8Array;
  readonly classes: number;
  readonly states: number;
  readonly rows: Int32Array;
  /** Output list by state. */
  readonly outputs: Int32Array;
  /** Output list by final. */
  readonly finals: readonly ListId[];
  readonly start: number;
  /** Applied when the stream does not exist at all. */
  readonly absent: ListId;
  /** Pieces of patterns that it tells; `begun anew`: each element begins them anew, for all of its pass. */
  readonly pieces: 'none' | 'kept' | 'begun anew';
  /** How many matchers it decides. */
  readonly patterns: number;
}

/** Bytes the automaton takes in the image: rows with their output lists, and the class map. */
export function automatonBytes(automaton: Automaton): number {
  return automaton.states * (automaton.classes + 2) * 4 + automaton.finals.length * 4 + 256;
}

/** The value that END has among the symbols of a stream, which are the bytes and END. */
export const END = 256;
export const NUL = 0;
