import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonMembers, jsonText, share } from '../../src/events/json-text.js';

describe('the JSON of events', () => {
  test('is what JSON.stringify writes', () => {
    const part = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.oneof(part, fc.string({ unit: 'binary' }))),
        (value) => {
          expect(jsonText(value)).toBe(JSON.stringify(value));
        },
      ),
    );
  });

  test.each([
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [{ a: [], b: {}, c: [undefined, null, Number.NaN] }, '{"a":[],"b":{},"c":[null,null,null]}'],
    [{ a: 'quote " back \\ line \n del \x7f lone \ud800 euro \u20ac' }, undefined],
    [{ __proto__: null, 'a"b': true }, '{"a\\"b":true}'],
  ])('%#', (value, text) => {
    expect(jsonText(value)).toBe(text ?? JSON.stringify(value));
    expect(`{${jsonMembers(value)}}`).toBe(JSON.stringify(value));
  });

  test('has shared parts as they were when their text was first asked for, wherever they stand', () => {
    const parent = share({ comm: 'sh', list: [1, { x: 'ü' }] });
    const ancestors = share([parent, share({ comm: 'init' })]);
    const value = { parent, ancestors, own: { again: parent } };
    expect(jsonText(value)).toBe(JSON.stringify(value));
    expect(jsonText(value)).toBe(JSON.stringify(value));
    expect(jsonText({ ...value, ancestors: share([]) })).toBe(JSON.stringify({ ...value, ancestors: [] }));
  });
});
