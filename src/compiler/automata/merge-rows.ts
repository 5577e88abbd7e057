/**
 * Merges states of a word automaton that have the same outputs and the same targets. Deepest first, one pass: it finds the
 * common endings of words that tell the same (`-name=value` and `--name=value`, the members of one list), which are most
 * of what there is to find.
 */

export interface Merging {
  /** Breadth-first order, without the states that must stay. */
  readonly order: Int32Array;
  readonly classes: number;
  readonly goto: Int32Array;
  readonly entering: Int32Array;
  readonly ending: Int32Array;
}

/** By state, the state that stands for it. `goto` is rewritten to those. */
export function mergeRows({ order, classes, goto, entering, ending }: Merging): Int32Array {
  const states = entering.length;
  const standsFor = Int32Array.from({ length: states }, (_, state) => state);
  let slots = 1;
  while (slots < order.length * 2) slots *= 2;
  const table = new Int32Array(slots).fill(-1);

  const rewrite = (state: number) => {
    for (let edge = state * classes; edge < (state + 1) * classes; edge++) goto[edge] = standsFor[goto[edge]!]!;
  };
  const hash = (state: number) => {
    let value = Math.imul(entering[state]!, 0x9e3779b1) ^ Math.imul(ending[state]!, 0x85ebca6b);
    for (let edge = state * classes; edge < (state + 1) * classes; edge++) {
      value = Math.imul(value ^ goto[edge]!, 0x01000193);
      value ^= value >>> 15;
    }
    return value & (slots - 1);
  };
  const same = (a: number, b: number) => {
    if (entering[a] !== entering[b] || ending[a] !== ending[b]) return false;
    for (let c = 0; c < classes; c++) if (goto[a * classes + c] !== goto[b * classes + c]) return false;
    return true;
  };

  for (let index = order.length - 1; index >= 0; index--) {
    const state = order[index]!;
    rewrite(state);
    let slot = hash(state);
    while (table[slot]! >= 0 && !same(table[slot]!, state)) slot = (slot + 1) & (slots - 1);
    if (table[slot]! < 0) table[slot] = state;
    else standsFor[state] = table[slot]!;
  }
  for (let state = 0; state < states; state++) rewrite(state);
  return standsFor;
}
