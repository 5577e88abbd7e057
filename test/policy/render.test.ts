import { expect, test } from 'vitest';
import { type Diagnostic, renderDiagnostic } from '../../src/policy/index.js';

const diagnostic: Diagnostic = {
  severity: 'error',
  code: 'type',
  message: 'a number is not text',
  file: 'a.policy',
  line: 12,
  column: 6,
  endColumn: 9,
  excerpt: '\ta é 😀 x == 5',
  help: 'write it in quotes',
};

test('place, sentence, source, mark and help', () => {
  expect(renderDiagnostic({ ...diagnostic, column: 3, endColumn: 6 })).toBe(
    [
      'a.policy:12:3: error[type]: a number is not text',
      '12 | \ta é 😀 x == 5',
      '   | \t  ^^^',
      '   = help: write it in quotes',
    ]
      .join('\n')
      .replace('\t  ^^^', '\t ^^^'),
  );
});

test('a character of two UTF-16 units is one wide', () => {
  const [, , marks] = renderDiagnostic({ ...diagnostic, column: 9, endColumn: 10 }).split('\n');
  expect(marks).toBe('   | \t      ^');
});

test('control characters of the source are not written to a terminal', () => {
  const text = renderDiagnostic({ ...diagnostic, excerpt: 'a\u001b[31mb\u009bc' });
  expect(text).not.toMatch(/[\u001b\u009b]/);
});

test('without a source line the place and the sentence stay', () => {
  const { excerpt: _, help: __, ...bare } = diagnostic;
  expect(renderDiagnostic(bare)).toBe('a.policy:12:6: error[type]: a number is not text');
});
