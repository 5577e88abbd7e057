/**
 * Word automata: Aho-Corasick as a full deterministic automaton over byte classes.
 *
 * A word is text that must occur in a value, perhaps at its beginning or its end. What may follow a word is not part of
 * it: the automaton says that the word was seen and does not remember it, so any number of words stay as small as
 * their texts. Rows are what the kernel walks; see docs/image.md.
 */
import type { Bytes } from '../../secl/index.js';
import { CompileError } from '../errors.js';
import { imageBytes } from '../limits.js';
import { type Automaton, NUL, type View } from './automaton.js';
import { mergeRows } from './merge-rows.js';
import type { ListId, Output, OutputLists } from './outputs.js';

export interface Word {
  /** In the view `elements` a NUL here is the border between two elements. */
  readonly text: Bytes;
  readonly starts: 'anywhere' | 'at-beginning';
  readonly ends: 'anywhere' | 'at-end';
  readonly output: Output;
}

/** Where a pattern number range lies, for the resets of an automaton with patterns of several pieces. */
export interface PatternRange {
  readonly first: number;
  readonly count: number;
}

export interface WordsRequest {
  readonly view: View;
  readonly words: readonly Word[];
  readonly patterns: number;
  readonly segments: PatternRange;
}

/** How many times larger than an image the automaton may be before states that do the same are merged. */
const WORKING = 2;

const ROOT = 0;
/** The state at the beginning of a value. */
const BEGIN = 1;
const EQUALS = 0x3d;

/** Builds the automaton. The same words in any order give the same automaton. */
export function buildWords(request: WordsRequest, lists: OutputLists): Automaton {
  const words = [...request.words].sort(compareWords);
  const alphabet = classify(request.view, words);
  const trie = grow(request.view, words, alphabet, lists);
  const order = complete(trie, alphabet, lists);
  return arrange(request, shrink(trie, alphabet, order), alphabet, lists);
}

function compareWords(a: Word, b: Word): number {
  if (a.starts !== b.starts) return a.starts < b.starts ? -1 : 1;
  return a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
}

interface Alphabet {
  readonly map: Uint8Array;
  readonly classes: number;
}

/** Bytes that occur in a word, or that the view gives a meaning, have a class of their own; all others share class 0. */
function classify(view: View, words: readonly Word[]): Alphabet {
  const used = new Uint8Array(256);
  for (const { text } of words) for (let i = 0; i < text.length; i++) used[text.charCodeAt(i)] = 1;
  if (view === 'elements' || view === 'names') used[NUL] = 1;
  if (view === 'names') used[EQUALS] = 1;
  const map = new Uint8Array(256);
  let classes = used.includes(0) ? 1 : 0;
  for (let byte = 0; byte < 256; byte++) if (used[byte]) map[byte] = classes++;
  if (view === 'joined') map[NUL] = map[0x20]!;
  return { map, classes };
}

interface Trie {
  readonly goto: Int32Array;
  readonly nodes: number;
  /** Output lists by node: on entering it, and when the value ends in it. */
  readonly entering: Int32Array;
  readonly ending: Int32Array;
}

function checkSize(states: number, classes: number, limit: number): void {
  if (states * (classes + 2) * 4 <= limit) return;
  throw new CompileError(
    'image-too-large',
    `The strings of the rules need ${states} states, more than an image of ${imageBytes.value} bytes holds.`,
  );
}

/** How many nodes the sorted words need: each adds what it does not share with the one before. */
function countNodes(words: readonly Word[]): number {
  let nodes = 2;
  let last: Word | undefined;
  for (const word of words) {
    let shared = 0;
    if (last?.starts === word.starts) {
      while (shared < word.text.length && last.text[shared] === word.text[shared]) shared++;
    }
    nodes += word.text.length - shared;
    last = word;
  }
  return nodes;
}

function grow(view: View, words: readonly Word[], alphabet: Alphabet, lists: OutputLists): Trie {
  const { map, classes } = alphabet;
  const capacity = countNodes(words);
  checkSize(capacity, classes, imageBytes.value * WORKING);
  const goto = new Int32Array(capacity * classes).fill(-1);
  const entering: Output[][] = [];
  const ending: Output[][] = [];
  let nodes = 2;
  if (view === 'elements' || view === 'names') goto[ROOT * classes + map[NUL]!] = BEGIN;
  for (const word of words) {
    let node = word.starts === 'at-beginning' ? BEGIN : ROOT;
    for (let i = 0; i < word.text.length; i++) {
      const edge = node * classes + map[word.text.charCodeAt(i)]!;
      if (goto[edge]! < 0) goto[edge] = nodes++;
      node = goto[edge]!;
    }
    const outputs = word.ends === 'at-end' ? ending : entering;
    const here = outputs[node];
    if (here) here.push(word.output);
    else outputs[node] = [word.output];
  }
  const intern = (source: Output[][]) => {
    const ids = new Int32Array(nodes);
    source.forEach((outputs, node) => {
      ids[node] = lists.intern(outputs);
    });
    return ids;
  };
  return { goto, nodes, entering: intern(entering), ending: intern(ending) };
}

/** Turns the trie into a full automaton, breadth first; outputs of a node take in those of its longest proper suffix. */
function complete(trie: Trie, { classes }: Alphabet, lists: OutputLists): Int32Array {
  const { goto, nodes, entering, ending } = trie;
  const failure = new Int32Array(nodes);
  const queue = new Int32Array(nodes);
  let tail = 0;
  for (let c = 0; c < classes; c++) {
    const child = goto[c]!;
    if (child < 0) goto[c] = ROOT;
    else queue[tail++] = child;
  }
  // Over a single string the beginning is no byte, so nothing leads to it.
  if (!queue.subarray(0, tail).includes(BEGIN)) queue[tail++] = BEGIN;
  for (let head = 0; head < tail; head++) {
    const node = queue[head]!;
    const suffix = failure[node]!;
    entering[node] = lists.merge(entering[node]!, entering[suffix]!);
    ending[node] = lists.merge(ending[node]!, ending[suffix]!);
    for (let c = 0; c < classes; c++) {
      const edge = node * classes + c;
      const fallback = goto[suffix * classes + c]!;
      if (goto[edge]! < 0) goto[edge] = fallback;
      else {
        failure[goto[edge]!] = fallback;
        queue[tail++] = goto[edge]!;
      }
    }
  }
  return queue.subarray(0, tail);
}

/** The automaton without states that do the same as another; the first two stay where they are. */
function shrink({ goto, nodes, entering, ending }: Trie, { classes }: Alphabet, order: Int32Array): Trie {
  const mergeable = order.filter((node) => node !== BEGIN);
  const standsFor = mergeRows({ order: mergeable, classes, goto, entering, ending });
  const numbers = new Int32Array(nodes);
  let count = 0;
  for (let node = 0; node < nodes; node++) if (standsFor[node] === node) numbers[node] = count++;
  checkSize(count, classes, imageBytes.value);
  const kept: Trie = {
    goto: new Int32Array(count * classes),
    nodes: count,
    entering: new Int32Array(count),
    ending: new Int32Array(count),
  };
  for (let node = 0; node < nodes; node++) {
    if (standsFor[node] !== node) continue;
    const number = numbers[node]!;
    for (let c = 0; c < classes; c++) kept.goto[number * classes + c] = numbers[goto[node * classes + c]!]!;
    kept.entering[number] = entering[node]!;
    kept.ending[number] = ending[node]!;
  }
  return kept;
}

/**
 * Lays the automaton out over the symbols of the stream. A byte that ends a value (the NUL of a block, the `=` of a
 * name) leads to a copy of the state it would lead to anyway, which says what the end decided.
 */
function arrange(
  { view, patterns, segments }: WordsRequest,
  trie: Trie,
  alphabet: Alphabet,
  lists: OutputLists,
): Automaton {
  const { goto, nodes, entering, ending } = trie;
  const { map, classes } = alphabet;
  const width = classes + 1;
  const border = view === 'elements' || view === 'names' ? map[NUL]! : -1;
  const equals = view === 'names' ? map[EQUALS]! : -1;
  const skip = nodes; // after the `=` of a name
  const base = view === 'names' ? nodes + 1 : nodes;

  const finals = new Numbering();
  const copies = new Numbering();
  const reset = segments.count === 0 ? 0 : lists.intern([{ kind: 'reset', ...segments }]);
  const endedByByte = Int32Array.from(
    ending,
    cached((list) => lists.intern(lists.get(list).map(lengthened))),
  );
  const copy = (node: number, list: ListId) => {
    const plain = node === skip ? 0 : entering[node]!;
    return list === plain ? node : base + copies.number(node * LISTS + list);
  };

  const table = new Int32Array(base * width);
  for (let node = 0; node < nodes; node++) {
    for (let c = 0; c < classes; c++) {
      let target = goto[node * classes + c]!;
      if (c === border) {
        target = copy(target, lists.merge(lists.merge(entering[target]!, endedByByte[node]!), reset));
      } else if (c === equals) target = copy(skip, endedByByte[node]!);
      table[node * width + c] = target;
    }
    table[node * width + classes] = finals.number(ending[node]!);
  }
  if (view === 'names') {
    for (let c = 0; c < classes; c++) table[skip * width + c] = c === border ? copy(BEGIN, reset) : skip;
    table[skip * width + classes] = finals.number(0);
  }

  const states = base + copies.keys.length;
  const rows = new Int32Array(states * width);
  rows.set(table);
  const outputs = new Int32Array(states);
  outputs.set(entering.subarray(0, nodes));
  copies.keys.forEach((key, index) => {
    const node = Math.floor(key / LISTS);
    rows.copyWithin((base + index) * width, node * width, (node + 1) * width);
    outputs[base + index] = key % LISTS;
  });
  for (let state = 0; state < states; state++) rows[state * width + classes]! += states;
  const absent = view === 'string' || view === 'joined' ? ending[BEGIN]! : 0;
  const classMap = map;
  return {
    kind: 'words',
    view,
    classMap,
    classes,
    states,
    rows,
    outputs,
    finals: finals.keys,
    start: BEGIN,
    absent,
    pieces: segments.count === 0 ? 'none' : border < 0 ? 'kept' : 'begun anew',
    patterns,
  };
}

/** More than there are output lists, to pack a state and a list into one number. */
const LISTS = 2 ** 26;

/** The byte that ended the value has been counted when the output is applied, so the piece began one further back. */
function lengthened(output: Output): Output {
  return output.kind === 'segment' || output.kind === 'last-segment'
    ? { ...output, length: output.length + 1 }
    : output;
}

function cached(compute: (value: number) => number): (value: number) => number {
  const known = new Map<number, number>();
  return (value) => {
    let result = known.get(value);
    if (result === undefined) {
      result = compute(value);
      known.set(value, result);
    }
    return result;
  };
}

/** Numbers keys in the order they are first seen. */
class Numbering {
  readonly keys: number[] = [];
  private readonly numbers = new Map<number, number>();

  number(key: number): number {
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.keys.push(key) - 1;
      this.numbers.set(key, number);
    }
    return number;
  }
}
