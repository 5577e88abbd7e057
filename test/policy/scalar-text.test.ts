import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isMap, isScalar, parseDocument, type Scalar, stringify } from 'yaml';
import { locatedText } from '../../src/policy/scalar-text.js';
import { SourceText } from '../../src/policy/source.js';

function locate(text: string) {
  const { contents } = parseDocument(text);
  if (!isMap(contents)) throw new Error('not a mapping');
  const scalar = contents.items[0]!.value as Scalar;
  if (!isScalar(scalar) || typeof scalar.value !== 'string') throw new Error('not text');
  return { value: scalar.value, located: locatedText(scalar, scalar.value, new SourceText('x', text)) };
}

test.each([
  ['plain', 'k: a == BAD && c'],
  ['plain over lines', 'k: a\n  == BAD\n  && c'],
  ['single quoted', "k: 'it''s a == BAD'"],
  ['double quoted', 'k: "a\\t\\x41\\u00e9\\U0001F600\\"\\/ == BAD"'],
  ['double quoted over lines', 'k: "a \\\n    == \\\n    BAD"'],
  ['folded', 'k: >-\n  a ==\n  BAD\n\n  && c\n'],
  ['folded with an indicator and a comment', 'k: >2- # BAD\n     a\n     BAD\n'],
  ['literal', 'k: |\n  a ==\n    BAD\n'],
  ['windows line breaks', 'k: |\r\n  a ==\r\n  BAD\r\n'],
])('finds a word in a %s scalar', (_, text) => {
  const { value, located } = locate(text);
  const at = value.indexOf('BAD');
  expect(at).toBeGreaterThanOrEqual(0);
  const { start, end } = located.locate(at, at + 3);
  expect(start).toBe(text.lastIndexOf('BAD'));
  expect(end).toBe(start + 3);
});

test('an escaped character is where its escape begins', () => {
  const text = 'k: "\\u0041B"';
  const { located } = locate(text);
  expect(located.locate(0, 1).start).toBe(4);
  expect(located.locate(1, 2).start).toBe(10);
});

test('the end of the text is behind its last character', () => {
  const text = 'k: >-\n  a ==\n';
  const { value, located } = locate(text);
  expect(located.locate(value.length, value.length)).toEqual({ start: 12, end: 13 });
});

test('every visible character of every value is found where the file writes it', () => {
  const styles = ['PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_FOLDED', 'BLOCK_LITERAL'] as const;
  const value = fc.string({ unit: fc.constantFrom(...'ab \n\t\'"\\é😀#:-&|'), minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(value, fc.constantFrom(...styles), fc.integer({ min: 12, max: 80 }), (written, style, lineWidth) => {
      const text = stringify({ k: written }, { defaultStringType: style, lineWidth });
      const { value: read, located } = locate(text);
      for (let at = 0; at < read.length; at++) {
        const unit = read[at]!;
        if (/[\s\\"']/.test(unit) || /[\ud800-\udfff]/.test(unit)) continue;
        const { start } = located.locate(at, at + 1);
        // Inside double quotes the character may be written as an escape.
        if (text[start] !== '\\') expect(text[start]).toBe(unit);
      }
    }),
  );
});
