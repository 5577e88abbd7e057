/**
 * The smallest table that tells the same. Hopcroft's partition refinement: states begin in one block when they tell the same,
 * and a block is split while some class leads its states into different blocks.
 */
import type { Table } from './table.js';

/** Merges states, and then classes, that no input tells apart. */
export function minimise(table: Table): Table {
  const blocks = refine(table);
  const width = table.classes + 1;
  // Blocks are numbered in the order of their first state, so that the same table gives the same numbers.
  const numbers = new Map<number, number>();
  const first: number[] = [];
  for (let state = 0; state < table.states; state++) {
    const block = blocks[state]!;
    if (numbers.has(block)) continue;
    numbers.set(block, first.push(state) - 1);
  }
  const columns = mergeColumns(table, first, (state) => numbers.get(blocks[state]!)!);
  const classes = columns.representatives.length - 1;
  const next = new Int32Array(first.length * (classes + 1));
  const tells = new Int32Array(next.length);
  first.forEach((state, row) => {
    columns.representatives.forEach((column, c) => {
      next[row * (classes + 1) + c] = numbers.get(blocks[table.next[state * width + column]!]!)!;
      tells[row * (classes + 1) + c] = table.tells[state * width + column]!;
    });
  });
  return {
    ...table,
    classMap: table.classMap.map((old) => columns.numbers[old]!),
    classes,
    states: first.length,
    next,
    tells,
    start: numbers.get(blocks[table.start]!)!,
  };
}

/** Classes with the same column become one; END stays by itself at the end. */
function mergeColumns(table: Table, rows: readonly number[], blockOf: (state: number) => number) {
  const width = table.classes + 1;
  const targets = Int32Array.from(table.next, blockOf);
  const same = (a: number, b: number) =>
    rows.every((state) => {
      const row = state * width;
      return targets[row + a] === targets[row + b] && table.tells[row + a] === table.tells[row + b];
    });
  const buckets = new Map<number, number[]>();
  const representatives: number[] = [];
  const numbers: number[] = [];
  for (let c = 0; c < table.classes; c++) {
    let hash = 0;
    for (const state of rows) {
      hash = Math.imul(hash ^ targets[state * width + c]!, 0x01000193) + table.tells[state * width + c]!;
    }
    const bucket = buckets.get(hash) ?? [];
    buckets.set(hash, bucket);
    let number = bucket.find((candidate) => same(representatives[candidate]!, c));
    if (number === undefined) {
      number = representatives.push(c) - 1;
      bucket.push(number);
    }
    numbers.push(number);
  }
  representatives.push(table.classes);
  return { representatives, numbers };
}

/** The block of each state in the coarsest partition that the table respects. */
function refine(table: Table): Int32Array {
  const { states, next, tells } = table;
  const width = table.classes + 1;
  const blockOf = new Int32Array(states);
  const members: number[][] = [];
  const byTelling = new Map<string, number>();
  for (let state = 0; state < states; state++) {
    // Most transitions tell nothing: the key names those that do.
    let key = '';
    for (let c = 0; c < width; c++) {
      const list = tells[state * width + c]!;
      if (list !== 0) key += `${c}.${list} `;
    }
    let block = byTelling.get(key);
    if (block === undefined) {
      block = members.push([]) - 1;
      byTelling.set(key, block);
    }
    members[block]!.push(state);
    blockOf[state] = block;
  }

  // Predecessors by class and target, in one array: those of (class, target) are [offset, next offset).
  const classes = table.classes;
  const offsets = new Int32Array(classes * states + 1);
  for (let state = 0; state < states; state++) {
    for (let c = 0; c < classes; c++) offsets[c * states + next[state * width + c]! + 1]!++;
  }
  for (let i = 1; i < offsets.length; i++) offsets[i]! += offsets[i - 1]!;
  const fill = offsets.slice();
  const sources = new Int32Array(classes * states);
  for (let state = 0; state < states; state++) {
    for (let c = 0; c < classes; c++) sources[fill[c * states + next[state * width + c]!]!++] = state;
  }

  // Pending splitters: block * classes + class.
  const pending: number[] = [];
  const isPending = new Set<number>();
  const push = (block: number, c: number) => {
    const key = block * classes + c;
    if (isPending.has(key)) return;
    isPending.add(key);
    pending.push(key);
  };
  for (let block = 0; block < members.length; block++) for (let c = 0; c < classes; c++) push(block, c);

  for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
    isPending.delete(key);
    const c = key % classes;
    const touched = new Map<number, number[]>();
    for (const target of members[Math.floor(key / classes)]!) {
      const edge = c * states + target;
      for (let i = offsets[edge]!; i < offsets[edge + 1]!; i++) {
        const source = sources[i]!;
        const block = blockOf[source]!;
        const hit = touched.get(block);
        if (hit) hit.push(source);
        else touched.set(block, [source]);
      }
    }
    for (const [block, hit] of touched) {
      if (hit.length === members[block]!.length) continue;
      const fresh = members.length;
      for (const state of hit) blockOf[state] = fresh;
      members[block] = members[block]!.filter((state) => blockOf[state] === block);
      members.push(hit);
      for (let other = 0; other < classes; other++) {
        if (isPending.has(block * classes + other)) push(fresh, other);
        else push(members[block]!.length <= hit.length ? block : fresh, other);
      }
    }
  }
  return blockOf;
}
