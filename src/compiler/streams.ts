/**
 * The automata of each stream. What is made of words goes into one automaton for each way of reading the stream; the rest is
 * written out as tables. All of it is put together where that stays small, since every pass costs the kernel; the rest of the tables in
 * groups, as many as the passes allow.
 */
import type { Matcher } from '../secl/index.js';
import { isPrefixCertain } from '../secl/matcher.js';
import { longFlagReader, optionReader, shortFlagReader } from './automata/arguments.js';
import type { Automaton, View } from './automata/automaton.js';
import { globMachine } from './automata/glob.js';
import { groupTables } from './automata/groups.js';
import { absorb, joinAll } from './automata/join.js';
import type { Machine } from './automata/machine.js';
import { minimise } from './automata/minimise.js';
import type { OutputLists } from './automata/outputs.js';
import { type Reader, valueReader } from './automata/reader.js';
import { regexpMachine } from './automata/regexp.js';
import { automatonOf, type Table, tabulate, telling } from './automata/table.js';
import { literalMachine } from './automata/wildcard.js';
import { buildWords, type Word } from './automata/words.js';
import { type Words, wordsOfFlag, wordsOfOption, wordsOfValue } from './automata/words-of.js';
import { Work } from './automata/work.js';
import type { Reading } from './fields.js';
import { type StreamName, streamNames } from './image/layout.js';
import {
  joinedBytes,
  matcherStates,
  passesPerStream,
  patternWork,
  segmentPatterns,
  segmentsPerPattern,
  wordLength,
} from './limits.js';
import { matcherKey, type TextTest } from './tests.js';

export interface Streams {
  readonly automata: ReadonlyMap<StreamName, readonly Automaton[]>;
  /** How many patterns of several pieces there are. */
  readonly patterns: number;
  /** Tests that have no place, with the reason. */
  readonly rejected: ReadonlyMap<TextTest, string>;
}

/** What lasts while one ruleset is compiled. */
export class Patterns {
  /** Minimal tables of matchers, by what they read. Nothing: it did not fit. */
  private readonly tables = new Map<string, Table | undefined>();

  constructor(readonly work = new Work(patternWork.value)) {}

  table(key: string, reader: () => Reader): Table | undefined {
    if (!this.tables.has(key)) {
      const table = tabulate(reader(), matcherStates.value, this.work);
      this.tables.set(key, table === undefined ? undefined : minimise(table));
    }
    return this.tables.get(key);
  }
}

/** Builds the automata for these tests. `atom`: the number of a test. */
export function buildStreams(
  tests: readonly TextTest[],
  atom: (test: TextTest) => number,
  lists: OutputLists,
  patterns: Patterns,
): Streams {
  const builder = new Builder(atom, lists, patterns);
  const automata = new Map<StreamName, readonly Automaton[]>();
  for (const stream of streamNames) {
    const built = builder.build(
      stream,
      tests.filter((test) => test.stream === stream),
    );
    if (built.length > 0) automata.set(stream, built);
  }
  return { automata, patterns: builder.patterns, rejected: builder.rejected };
}

interface WordGroup {
  readonly words: Word[];
  patterns: number;
  readonly first: number;
  count: number;
}

interface Tabulated {
  readonly test: TextTest;
  readonly table: Table;
}

/** The views that words of one reading go to, in the order of their automata. */
const viewOf: Record<Reading, View> = {
  value: 'string',
  joined: 'joined',
  elements: 'elements',
  flags: 'elements',
  options: 'elements',
  names: 'names',
};
const views = ['string', 'joined', 'elements', 'names'] as const satisfies readonly View[];

/**
 * A word without a space that may stand anywhere in the joined arguments stands in one of them: where the elements are walked
 * anyway, the words of the joined arguments go along, if all of them can, and one pass does for both.
 */
function joinElements(groups: Map<View, WordGroup>): void {
  const [joined, elements] = [groups.get('joined'), groups.get('elements')];
  if (joined === undefined || elements === undefined || joined.count > 0) return;
  const inOne = ({ text, starts, ends }: Word) => starts === 'anywhere' && ends === 'anywhere' && !text.includes(' ');
  if (!joined.words.every(inOne)) return;
  elements.words.push(...joined.words);
  elements.patterns += joined.patterns;
  groups.delete('joined');
}

class Builder {
  patterns = 0;
  readonly rejected = new Map<TextTest, string>();

  constructor(
    private readonly atom: (test: TextTest) => number,
    private readonly lists: OutputLists,
    private readonly shared: Patterns,
  ) {}

  build(stream: StreamName, tests: readonly TextTest[]): Automaton[] {
    const tabulated: Tabulated[] = [];
    const words: Automaton[] = [];
    const groups = new Map<View, WordGroup>();
    for (const view of views) {
      const group: WordGroup = { words: [], patterns: 0, first: this.patterns, count: 0 };
      for (const test of tests) {
        if (viewOf[test.reading] === view) this.place(test, group, tabulated);
      }
      if (group.words.length > 0) groups.set(view, group);
    }
    joinElements(groups);
    for (const [view, group] of groups) {
      const { patterns, first, count } = group;
      words.push(buildWords({ view, words: group.words, patterns, segments: { first, count } }, this.lists));
    }
    let kept = tabulated.filter(({ test }) => !this.rejected.has(test));
    const automata = joinAll(words, joinedBytes.value, this.lists);
    if (automata[0] !== undefined) {
      const tables = kept.map(({ table }) => table);
      const { automaton, left } = absorb(automata[0], tables, joinedBytes.value, this.lists, this.shared.work);
      automata[0] = automaton;
      kept = left.map((index) => kept[index]!);
    }
    const grouped = groupTables(
      kept.map(({ table }) => table),
      passesPerStream.value - automata.length,
      this.lists,
      this.shared.work,
    );
    for (const member of grouped.left) {
      const reason = this.tooMuchWork() ?? `would need more than ${passesPerStream.value} passes over it`;
      this.rejected.set(kept[member]!.test, `its pattern on ${stream} ${reason}`);
    }
    for (const table of grouped.tables) automata.push(automatonOf(table));
    // A stream that nothing can match on is read all the same: its tests are then false and not unknown.
    if (automata.length === 0 && tests.length > 0) {
      const view = viewOf[tests[0]!.reading];
      automata.push(buildWords({ view, words: [], patterns: 0, segments: { first: 0, count: 0 } }, this.lists));
    }
    return automata;
  }

  /** Gives every matcher of a test its words or its table. */
  private place(test: TextTest, group: WordGroup, tabulated: Tabulated[]): void {
    const atom = this.atom(test);
    const list = this.lists.intern([{ kind: 'atom', atom }]);
    const add = (key: string, reader: () => Reader, shown: string) => {
      const table = this.shared.table(key, reader);
      if (table === undefined) {
        const reason = this.tooMuchWork() ?? `needs an automaton of more than ${matcherStates.value} states`;
        this.rejected.set(test, `${shown} ${reason}`);
      } else tabulated.push({ test, table: telling(table, list) });
    };
    const characters = new Set<number>();
    for (const matcher of test.matchers) {
      if (longest(matcher) > wordLength.value) {
        this.rejected.set(test, `a string of it is longer than ${wordLength.value} bytes`);
        return;
      }
      if (test.reading === 'flags') for (const character of charactersOf(matcher)) characters.add(character);
      const words = wordsFor(test.reading, matcher);
      if (words !== undefined && this.fits(words)) this.addWords(words, atom, group);
      else if (words === undefined || words.pieces.length > 0) {
        if (test.reading === 'flags' && matcher.kind === 'exact') continue;
        add(`${test.reading} ${matcherKey(matcher)}`, () => readerFor(test.reading, matcher), shownAs(matcher));
      }
    }
    if (characters.size > 0) {
      const sorted = [...characters].sort((a, b) => a - b);
      add(`short ${sorted.join()}`, () => shortFlagReader(characters), 'a flag of one character');
    }
  }

  private tooMuchWork(): string | undefined {
    return this.shared.work.isExhausted ? 'is one too many: the patterns of the rules are too much work' : undefined;
  }

  private fits({ pieces }: Words): boolean {
    return (
      this.patterns + pieces.length <= segmentPatterns.value &&
      pieces.every((row) => row.length <= segmentsPerPattern.value)
    );
  }

  private addWords({ single, pieces }: Words, atom: number, group: WordGroup): void {
    group.patterns++;
    for (const text of single) group.words.push({ ...text, output: { kind: 'atom', atom } });
    for (const row of pieces) {
      const pattern = this.patterns++;
      group.count++;
      row.forEach((text, segment) => {
        const { length } = text.text;
        const last = segment === row.length - 1;
        group.words.push({
          ...text,
          output: last
            ? { kind: 'last-segment', pattern, segment, length, atom }
            : { kind: 'segment', pattern, segment, length },
        });
      });
    }
  }
}

function wordsFor(reading: Reading, matcher: Matcher): Words | undefined {
  switch (reading) {
    case 'value':
    case 'joined':
    case 'elements':
      return wordsOfValue(matcher);
    case 'names': {
      const words = wordsOfValue(matcher);
      // A name ends at its first `=`.
      const withEquals = (text: { text: string }) => text.text.includes('=');
      if (words === undefined) return undefined;
      return {
        single: words.single.filter((text) => !withEquals(text)),
        pieces: words.pieces.filter((row) => !row.some(withEquals)),
      };
    }
    case 'flags':
      return matcher.kind === 'exact' ? wordsOfFlag(matcher.bytes) : undefined;
    case 'options':
      return matcher.kind === 'exact' ? wordsOfOption(matcher.bytes) : undefined;
  }
}

/** The reader of a matcher that is not made of words. */
function readerFor(reading: Reading, matcher: Matcher): Reader {
  const certain = isPrefixCertain(matcher) ? 'prefix-certain' : 'at-end';
  switch (reading) {
    case 'value':
    case 'joined':
    case 'elements':
    case 'names': {
      const machine =
        matcher.kind === 'regexp'
          ? regexpMachine(matcher.source, certain === 'prefix-certain' ? 'forgetting' : 'at-end')
          : keepingMachine(matcher);
      return valueReader(viewOf[reading], machine, certain);
    }
    case 'flags':
      return longFlagReader(keepingMachine(matcher));
    case 'options':
      return optionReader(keepingMachine(matcher), certain);
  }
}

function keepingMachine(matcher: Matcher): Machine {
  switch (matcher.kind) {
    case 'exact':
    case 'wildcard':
      return literalMachine(matcher);
    case 'glob':
      return globMachine(matcher.pattern, isPrefixCertain(matcher) ? 'prefix-certain' : 'at-end');
    case 'regexp':
      return regexpMachine(matcher.source, isPrefixCertain(matcher) ? 'keeping' : 'at-end');
  }
}

/** Letters and digits that match by themselves, as flags of one character. */
function charactersOf(matcher: Matcher): number[] {
  if (matcher.kind === 'exact' && matcher.bytes.length !== 1) return [];
  const machine = keepingMachine(matcher);
  const alphanumeric = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  return Array.from(alphanumeric, (character) => character.charCodeAt(0)).filter((byte) =>
    machine.accepts(machine.step(machine.start, byte)),
  );
}

function longest(matcher: Matcher): number {
  switch (matcher.kind) {
    case 'exact':
      return matcher.bytes.length;
    case 'wildcard':
    case 'glob':
      return matcher.pattern.length;
    case 'regexp':
      return 0;
  }
}

function shownAs(matcher: Matcher): string {
  return matcher.kind === 'regexp' ? `the regular expression ${matcher.source}` : 'a pattern of it';
}
