import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Positions } from '../../src/secl/position.js';

test('lines and columns are those a person counts', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\n', 'é', '😀', '\t'), maxLength: 20 });
  fc.assert(
    fc.property(text, (content) => {
      const positions = new Positions(content);
      let line = 1;
      let column = 1;
      let offset = 0;
      for (const character of content) {
        expect(positions.span(offset, offset)).toEqual({ line, column, start: offset, end: offset });
        offset += character.length;
        if (character === '\n') [line, column] = [line + 1, 1];
        else column++;
      }
    }),
  );
});
