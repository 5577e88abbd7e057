/**
 * Readers written out as tables, and tables put together to groups that are walked in one pass. A table tells on its
 * transitions; the automaton of the image tells in its states.
 */
import { type Automaton, END } from './automaton.js';
import type { ListId, OutputLists } from './outputs.js';
import type { Reader } from './reader.js';
import type { Work } from './work.js';

/** State after state, one entry for each class and one for END. */
export interface Table {
  readonly classMap: Uint8Array;
  readonly classes: number;
  readonly states: number;
  readonly next: Int32Array;
  /** Output list by transition. In a table of one matcher, 1 where it has matched. */
  readonly tells: Int32Array;
  readonly start: number;
  readonly absent: ListId;
  readonly matchers: number;
}

/** Writes a reader out, or nothing when it has more states than the limit or no work is left. */
export function tabulate(reader: Reader, limit: number, work: Work): Table | undefined {
  const { classMap } = reader;
  const classes = Math.max(...classMap) + 1;
  const symbols = Array.from({ length: classes }, (_, c) => classMap.indexOf(c));
  symbols.push(END);
  const numbers = new Map<number, number>([[reader.start, 0]]);
  const states = [reader.start];
  const next: number[] = [];
  const tells: number[] = [];
  for (let index = 0; index < states.length; index++) {
    if (work.spend(symbols.length) === 'exhausted') return undefined;
    for (const symbol of symbols) {
      const result = reader.step(states[index]!, symbol);
      const target = Math.floor(result / 2);
      // Nothing follows END: where it leads is of no account.
      let number = symbol === END ? 0 : numbers.get(target);
      if (number === undefined) {
        if (states.length === limit) return undefined;
        number = states.push(target) - 1;
        numbers.set(target, number);
      }
      next.push(number);
      tells.push(result % 2);
    }
  }
  return {
    classMap,
    classes,
    states: states.length,
    next: Int32Array.from(next),
    tells: Int32Array.from(tells),
    start: 0,
    absent: reader.absent === 'matches' ? 1 : 0,
    matchers: 1,
  };
}

/** The table of one matcher with the output list it tells. */
export function telling(table: Table, list: ListId): Table {
  return { ...table, tells: table.tells.map((tell) => (tell === 0 ? 0 : list)), absent: table.absent === 0 ? 0 : list };
}

/** Both tables walked at once, or nothing when that has more states than the limit or no work is left. */
export function product(a: Table, b: Table, limit: number, lists: OutputLists, work: Work): Table | undefined {
  const classNumbers = new Map<number, number>();
  const classesOfA: number[] = [];
  const classesOfB: number[] = [];
  const classMap = a.classMap.map((classA, byte) => {
    const classB = b.classMap[byte]!;
    const key = classA * 512 + classB;
    let number = classNumbers.get(key);
    if (number === undefined) {
      number = classesOfA.push(classA) - 1;
      classesOfB.push(classB);
      classNumbers.set(key, number);
    }
    return number;
  });
  const classes = classesOfA.length;
  classesOfA.push(a.classes);
  classesOfB.push(b.classes);
  const widthA = a.classes + 1;
  const widthB = b.classes + 1;

  const numbers = new Map<number, number>([[a.start * b.states + b.start, 0]]);
  const states = [a.start * b.states + b.start];
  const next: number[] = [];
  const tells: number[] = [];
  for (let index = 0; index < states.length; index++) {
    if (work.spend(classes + 1) === 'exhausted') return undefined;
    const rowA = Math.floor(states[index]! / b.states) * widthA;
    const rowB = (states[index]! % b.states) * widthB;
    for (let c = 0; c <= classes; c++) {
      const edgeA = rowA + classesOfA[c]!;
      const edgeB = rowB + classesOfB[c]!;
      const target = a.next[edgeA]! * b.states + b.next[edgeB]!;
      let number = c === classes ? 0 : numbers.get(target);
      if (number === undefined) {
        if (states.length === limit) return undefined;
        number = states.push(target) - 1;
        numbers.set(target, number);
      }
      next.push(number);
      tells.push(lists.merge(a.tells[edgeA]!, b.tells[edgeB]!));
    }
  }
  return {
    classMap,
    classes,
    states: states.length,
    next: Int32Array.from(next),
    tells: Int32Array.from(tells),
    start: 0,
    absent: lists.merge(a.absent, b.absent),
    matchers: a.matchers + b.matchers,
  };
}

/** At most so many states has the automaton of a table: one for each state, and for each that is entered telling a list. */
export function automatonStates(table: Table): number {
  const telling = new Set<number>();
  table.tells.forEach((list, edge) => {
    if (list !== 0) telling.add(list * table.states + table.next[edge]!);
  });
  return table.states + telling.size;
}

/** The states of the automaton by list and state of the table, the start first. */
function entries(table: Table): Map<number, number> {
  const numbers = new Map<number, number>([[table.start, 0]]);
  const width = table.classes + 1;
  for (let edge = 0; edge < table.next.length; edge++) {
    if (edge % width === table.classes) continue;
    const key = table.tells[edge]! * table.states + table.next[edge]!;
    if (!numbers.has(key)) numbers.set(key, numbers.size);
  }
  return numbers;
}

/** The table as an automaton that tells in its states. */
export function automatonOf(table: Table): Automaton {
  const numbers = entries(table);
  const width = table.classes + 1;
  const states = numbers.size;
  const rows = new Int32Array(states * width);
  const outputs = new Int32Array(states);
  const finals: ListId[] = [];
  for (const [key, state] of numbers) {
    outputs[state] = Math.floor(key / table.states);
    const from = (key % table.states) * width;
    for (let c = 0; c < table.classes; c++) {
      rows[state * width + c] = numbers.get(table.tells[from + c]! * table.states + table.next[from + c]!)!;
    }
    const list = table.tells[from + table.classes]!;
    let final = finals.indexOf(list);
    if (final < 0) final = finals.push(list) - 1;
    rows[state * width + table.classes] = states + final;
  }
  return {
    kind: 'group',
    view: 'mixed',
    classMap: table.classMap,
    classes: table.classes,
    states,
    rows,
    outputs,
    finals,
    start: 0,
    absent: table.absent,
    pieces: 'none',
    patterns: table.matchers,
  };
}
