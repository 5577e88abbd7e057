import type { Field, IteratorName } from './field.js';
import type { Value } from './value.js';

/** The elements of an iterator, nearest first. `complete`: there are no others. */
export interface ElementList {
  readonly elements: readonly Event[];
  readonly complete: boolean;
}

/** How the evaluator reads an event. */
export interface Event {
  /**
   * The value of a field. For a field of an iterator this is asked of an element of `iterate`, never of the event
   * itself. It is not asked for lengths, registered domains and single array elements: those follow from others.
   */
  get(field: Field): Value;
  /** The elements of an iterator. */
  iterate(iterator: IteratorName): ElementList;
  /** A length or registered domain that the event carries itself; undefined: it follows from its field. */
  derived?(field: Field): Value | undefined;
}
