/** Pins the shape in which re2js keeps a compiled expression: an update that changes it fails here first. */
import { describe, expect, test } from 'vitest';
import { BEGIN_TEXT, END_TEXT, regexpProgram, WORD_BOUNDARY } from '../../../src/compiler/automata/regexp-program.js';

describe('the program of a regular expression', () => {
  test('has forks, runes, assertions and a match', () => {
    const { start, instructions } = regexpProgram('^a(b|c)+$');
    expect(instructions[start]).toEqual({ kind: 'assert', conditions: BEGIN_TEXT, next: expect.any(Number) });
    expect(new Set(instructions.map(({ kind }) => kind))).toEqual(new Set(['fail', 'assert', 'rune', 'fork', 'match']));
    expect(instructions).toContainEqual({ kind: 'rune', ranges: [[0x62, 0x63]], next: expect.any(Number) });
    expect(instructions).toContainEqual({ kind: 'assert', conditions: END_TEXT, next: expect.any(Number) });
  });

  test.each<[string, readonly (readonly [number, number])[]]>([
    [
      '.',
      [
        [0, 9],
        [11, 0x10ffff],
      ],
    ],
    ['(?s:.)', [[0, 0x10ffff]]],
    [
      '[^é]',
      [
        [0, 0xe8],
        [0xea, 0x10ffff],
      ],
    ],
    [
      '(?i:k)',
      [
        [0x4b, 0x4b],
        [0x6b, 0x6b],
        [0x212a, 0x212a],
      ],
    ],
    [
      '(?i:ß)',
      [
        [0xdf, 0xdf],
        [0x1e9e, 0x1e9e],
      ],
    ],
    ['(?i:7)', [[0x37, 0x37]]],
  ])('%s has its ranges of runes', (source, ranges) => {
    expect(regexpProgram(source).instructions.filter(({ kind }) => kind === 'rune')).toEqual([
      { kind: 'rune', ranges, next: expect.any(Number) },
    ]);
  });

  test('keeps word boundaries', () => {
    expect(regexpProgram('\\b').instructions).toContainEqual({
      kind: 'assert',
      conditions: WORD_BOUNDARY,
      next: expect.any(Number),
    });
  });
});
