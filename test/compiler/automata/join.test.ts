/** Automata that are walked together tell what they tell alone. */
import { describe, expect, test } from 'vitest';
import { type Automaton, END } from '../../../src/compiler/automata/automaton.js';
import { join, joinAll } from '../../../src/compiler/automata/join.js';
import { type Output, OutputLists } from '../../../src/compiler/automata/outputs.js';
import { buildWords, type Word } from '../../../src/compiler/automata/words.js';

const unlimited = 1 << 26;

function word(text: string, output: Output, bounds: Partial<Word> = {}): Word {
  return { text, starts: 'anywhere', ends: 'anywhere', output, ...bounds };
}

const atom = (number: number): Output => ({ kind: 'atom', atom: number });

/** What it says, byte by byte and at the end. */
function told(automaton: Automaton, text: string, lists: OutputLists): string[] {
  const said: string[] = [];
  const say = (position: number, list: number) => {
    for (const output of lists.get(list)) said.push(`${position} ${JSON.stringify(output)}`);
  };
  const width = automaton.classes + 1;
  let state = automaton.start;
  for (let at = 0; at < text.length; at++) {
    state = automaton.rows[state * width + automaton.classMap[text.charCodeAt(at)]!]!;
    say(at, automaton.outputs[state]!);
  }
  say(END, automaton.finals[automaton.rows[state * width + automaton.classes]! - automaton.states]!);
  return said.sort();
}

const texts = ['', 'ab', 'xab\0b', 'b\0ab\0', 'aab b', 'bb\0\0a b', '\0'];

function sample(lists: OutputLists) {
  const segments = { first: 0, count: 0 };
  const joined = buildWords(
    { view: 'joined', words: [word('ab', atom(0)), word('b', atom(1), { ends: 'at-end' })], patterns: 2, segments },
    lists,
  );
  const elements = buildWords(
    {
      view: 'elements',
      words: [word('b', atom(2), { starts: 'at-beginning', ends: 'at-end' })],
      patterns: 1,
      segments,
    },
    lists,
  );
  return { joined, elements };
}

describe('join', () => {
  test.each(texts)('tells of %j what both tell', (text) => {
    const lists = new OutputLists();
    const { joined, elements } = sample(lists);
    const both = join(joined, elements, unlimited, lists)!;
    expect(told(both, text, lists)).toEqual([...told(joined, text, lists), ...told(elements, text, lists)].sort());
    expect(both.patterns).toBe(3);
  });

  test('is given up where the rows would take more than the limit', () => {
    const lists = new OutputLists();
    const { joined, elements } = sample(lists);
    const { states, classes } = join(joined, elements, unlimited, lists)!;
    const bytes = states * (classes + 2) * 4;
    expect(join(joined, elements, bytes, lists)?.states).toBe(states);
    expect(join(joined, elements, bytes - 1, lists)).toBeUndefined();
  });

  test('leaves apart what would begin the pieces of another anew', () => {
    const lists = new OutputLists();
    const pieces = (pattern: number): Word[] => [
      word('a', { kind: 'segment', pattern, segment: 0, length: 1 }),
      word('b', { kind: 'last-segment', pattern, segment: 1, length: 1, atom: pattern }),
    ];
    const request = (view: 'joined' | 'elements', pattern: number) =>
      buildWords({ view, words: pieces(pattern), patterns: 1, segments: { first: pattern, count: 1 } }, lists);
    const [joined, elements] = [request('joined', 0), request('elements', 1)];
    expect([joined.pieces, elements.pieces]).toEqual(['kept', 'begun anew']);
    expect(joinAll([joined, elements], unlimited, lists)).toEqual([joined, elements]);
    expect(joinAll([elements, joined], unlimited, lists)).toEqual([elements, joined]);
    const plain = sample(lists).joined;
    expect(join(elements, plain, unlimited, lists)!.pieces).toBe('begun anew');
    expect(join(plain, joined, unlimited, lists)!.pieces).toBe('kept');
  });
});
