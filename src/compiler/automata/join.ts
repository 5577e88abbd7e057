/**
 * Finished automata of one stream walked in one pass: their product. A pass over the bytes costs the kernel the same however large the
 * automaton is, so what multiplies little is put together.
 */
import type { Automaton } from './automaton.js';
import { groupTables } from './groups.js';
import type { ListId, OutputLists } from './outputs.js';
import { automatonOf, type Table } from './table.js';
import type { Work } from './work.js';

/** Both automata as one, or nothing: when its rows take more bytes than the limit, or the pieces of the one would begin anew for the other. */
export function join(a: Automaton, b: Automaton, limit: number, lists: OutputLists): Automaton | undefined {
  if (a.pieces !== 'none' && b.pieces !== 'none' && (a.pieces === 'begun anew' || b.pieces === 'begun anew'))
    return undefined;
  const classNumbers = new Map<number, number>();
  const classesOfA: number[] = [];
  const classesOfB: number[] = [];
  const classMap = a.classMap.map((classA, byte) => {
    const key = classA * 256 + b.classMap[byte]!;
    let number = classNumbers.get(key);
    if (number === undefined) {
      number = classesOfA.push(classA) - 1;
      classesOfB.push(b.classMap[byte]!);
      classNumbers.set(key, number);
    }
    return number;
  });
  const classes = classesOfA.length;
  const widthA = a.classes + 1;
  const widthB = b.classes + 1;
  const most = Math.floor(limit / ((classes + 2) * 4));

  const numbers = new Map<number, number>([[a.start * b.states + b.start, 0]]);
  const pairs = [a.start * b.states + b.start];
  const rows: number[] = [];
  const outputs: ListId[] = [];
  const finals: ListId[] = [];
  /** Finals get their numbers when all states have theirs. */
  const ends: number[] = [];
  for (let state = 0; state < pairs.length; state++) {
    const stateA = Math.floor(pairs[state]! / b.states);
    const stateB = pairs[state]! % b.states;
    outputs.push(lists.merge(a.outputs[stateA]!, b.outputs[stateB]!));
    for (let c = 0; c < classes; c++) {
      const target = a.rows[stateA * widthA + classesOfA[c]!]! * b.states + b.rows[stateB * widthB + classesOfB[c]!]!;
      let number = numbers.get(target);
      if (number === undefined) {
        if (pairs.length === most) return undefined;
        number = pairs.push(target) - 1;
        numbers.set(target, number);
      }
      rows.push(number);
    }
    const list = lists.merge(
      a.finals[a.rows[stateA * widthA + a.classes]! - a.states]!,
      b.finals[b.rows[stateB * widthB + b.classes]! - b.states]!,
    );
    let final = finals.indexOf(list);
    if (final < 0) final = finals.push(list) - 1;
    ends.push(final);
    rows.push(0);
  }
  const states = pairs.length;
  ends.forEach((final, state) => {
    rows[state * (classes + 1) + classes] = states + final;
  });
  return {
    kind: 'joined',
    view: a.view === b.view ? a.view : 'mixed',
    classMap,
    classes,
    states,
    rows: Int32Array.from(rows),
    outputs: Int32Array.from(outputs),
    finals,
    start: 0,
    absent: lists.merge(a.absent, b.absent),
    pieces: a.pieces === 'none' ? b.pieces : a.pieces,
    patterns: a.patterns + b.patterns,
  };
}

/** As few automata as the limit allows, each begun with the first that is left. */
export function joinAll(automata: readonly Automaton[], limit: number, lists: OutputLists): Automaton[] {
  const joined: Automaton[] = [];
  for (const automaton of automata) {
    let index = 0;
    let both: Automaton | undefined;
    for (; index < joined.length && both === undefined; index++) both = join(joined[index]!, automaton, limit, lists);
    if (both === undefined) joined.push(automaton);
    else joined[index - 1] = both;
  }
  return joined;
}

export interface Absorbed {
  readonly automaton: Automaton;
  /** Which of the given tables found no room. */
  readonly left: readonly number[];
}

/**
 * The automaton with as many of the tables as the limit allows: all at once, else each half by itself. A pattern that multiplies with
 * everything, as one that counts does, ends up alone, so that the others are not kept from joining for its sake.
 */
export function absorb(
  automaton: Automaton,
  tables: readonly Table[],
  limit: number,
  lists: OutputLists,
  work: Work,
): Absorbed {
  let whole = automaton;
  let attempts = ATTEMPTS;
  const left: number[] = [];
  const take = (low: number, high: number) => {
    if (low === high) return;
    let both: Automaton | undefined;
    if (attempts-- > 0) {
      const group = groupTables(tables.slice(low, high), 1, lists, work);
      if (group.left.length === 0) both = join(whole, automatonOf(group.tables[0]!), limit, lists);
    }
    if (both !== undefined) whole = both;
    else if (high - low === 1 || attempts <= 0) for (let index = low; index < high; index++) left.push(index);
    else {
      const middle = (low + high) >> 1;
      take(low, middle);
      take(middle, high);
    }
  };
  take(0, tables.length);
  return { automaton: whole, left };
}

/** Of one stream: each costs at most as much as the limit lets the result be large. */
const ATTEMPTS = 24;
