/** How long a string must be before an automaton has anything to say of it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NUL } from '../../../src/compiler/automata/automaton.js';
import { type Output, OutputLists } from '../../../src/compiler/automata/outputs.js';
import { shortestRun, wordsOfRun } from '../../../src/compiler/automata/run.js';
import { buildWords } from '../../../src/compiler/automata/words.js';
import { type AutomatonRecord, ImageReader } from '../../../src/compiler/image/reader.js';
import { compile } from '../../../src/compiler/index.js';
import { loadPolicies } from '../../../src/policy/index.js';

const segments = { first: 0, count: 0 };
const output: Output = { kind: 'atom', atom: 0 };

/** The automaton of the arguments for one condition. */
function argsOf(condition: string): { reader: ImageReader; automaton: AutomatonRecord } {
  const text = `version: 1.0.0\nrules:\n  - id: one\n    expression: ${JSON.stringify(condition)}\n`;
  const reader = new ImageReader(compile(loadPolicies([{ file: 'run.policy', text }])).image);
  return { reader, automaton: reader.automata.get('args')![0]! };
}

describe('the shortest run', () => {
  test.each([
    ['a word anywhere', 'abcdef', 'anywhere', 'anywhere', 6],
    ['a word at the beginning', 'abcdef', 'at-beginning', 'anywhere', 6],
    ['a whole word: told by the NUL behind it', 'abcdef', 'at-beginning', 'at-end', 6],
    ['the longer part of a word across a border', 'abcdef\0gh', 'anywhere', 'anywhere', 0],
  ] as const)('%s', (_, text, starts, ends, bytes) => {
    const lists = new OutputLists();
    const automaton = buildWords(
      { view: 'elements', words: [{ text, starts, ends, output }], patterns: 1, segments },
      lists,
    );
    // Behind a border half of the word may have been seen: what follows it may be as short as that.
    expect(shortestRun(automaton)).toBe(text.includes('\0') ? 2 : bytes);
  });

  test('is none where a value without a byte is told of', () => {
    const lists = new OutputLists();
    const words = [{ text: '', starts: 'at-beginning', ends: 'at-end', output }] as const;
    expect(shortestRun(buildWords({ view: 'string', words, patterns: 1, segments }, lists))).toBe(0);
  });

  test('is endless where nothing can be told', () => {
    const none = buildWords({ view: 'elements', words: [], patterns: 0, segments }, new OutputLists());
    expect(shortestRun(none)).toBe(Number.POSITIVE_INFINITY);
  });

  test('has so many whole words of eight bytes wherever it lies', () => {
    for (let bytes = 0; bytes < 200; bytes++) {
      let least = Number.POSITIVE_INFINITY;
      for (let at = 0; at < 8; at++) least = Math.min(least, Math.floor((at + bytes) / 8) - Math.ceil(at / 8));
      expect(wordsOfRun(bytes), String(bytes)).toBe(Math.max(0, least));
    }
  });
});

describe('what is not walked', () => {
  test.each([
    ['exec.args =~ r"[0-9a-f]{40}"', 40],
    ['exec.args =~ r"(^|[^a-f0-9])0x[a-f0-9]{38}"', 40],
    // The space may be the NUL between two strings, so that what is behind it counts alone.
    ['exec.args =~ r"x{20} y{25}"', 25],
    ['exec.argv =~ r"^[a-z]{25}$"', 25],
  ])('%s has nothing to say of shorter strings', (condition, bytes) => {
    const { reader, automaton } = argsOf(condition);
    expect(automaton.run).toBe(wordsOfRun(bytes));
    const tells = (text: string) => {
      let row = automaton.start;
      let said = false;
      for (let at = 0; at <= text.length; at++) {
        const to = at === text.length ? automaton.end : reader.classOf(automaton.classes, text.charCodeAt(at)) * 4;
        row = reader.u32(row + to);
        said ||= (row & 1) !== 0;
        row &= ~3;
      }
      return said;
    };
    const character = fc.constantFrom(...'0123456789abcdefx. ');
    const string = fc.oneof(
      fc.string({ unit: character, maxLength: bytes - 1 }),
      fc.nat(bytes - 1).map((n) => 'x'.repeat(n)),
    );
    fc.assert(
      fc.property(fc.array(string, { maxLength: 6 }), (strings) => !tells(strings.join(String.fromCharCode(NUL)))),
      { numRuns: 300 },
    );
  });
});
