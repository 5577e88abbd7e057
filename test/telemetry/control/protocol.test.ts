import { expect, test } from 'vitest';
import { limits } from '../../../src/telemetry/control/limits.js';
import { LineCutter, parseRequest } from '../../../src/telemetry/control/protocol.js';

const bytes = (text: string) => Buffer.from(text);

test.each([
  '{"verb":"status"}',
  '{"verb":"events","rule":"a","verdict":"refuse","since":5}',
  '{"verb":"rule","rule":"a","mode":"policy"}',
])('%s is a request', (text) => {
  expect(parseRequest(bytes(text))).toEqual(JSON.parse(text));
});

test.each([
  ['nothing', '', 'request-json'],
  ['half an object', '{"verb":', 'request-json'],
  ['bytes that are no UTF-8', '\xff', 'request-json'],
  ['a list', '[]', 'request-schema'],
  ['an unknown verb', '{"verb":"halt"}', 'request-schema'],
  ['a key too many', '{"verb":"off","force":true}', 'request-schema'],
  ['a mode that is none', '{"verb":"rule","rule":"a","mode":"kill"}', 'request-schema'],
  ['a rule with too long a name', `{"verb":"rule","rule":"${'x'.repeat(257)}","mode":"monitor"}`, 'request-schema'],
  ['a time that is no number', '{"verb":"events","since":"now"}', 'request-schema'],
  ['a name of the prototype', '{"__proto__":{"verb":"off"}}', 'request-schema'],
])('%s is none', (_, text, code) => {
  expect(() => parseRequest(Buffer.from(text, 'latin1'))).toThrow(expect.objectContaining({ code }));
});

test('lines are cut wherever the pieces end', () => {
  const cutter = new LineCutter();
  const lines = ['ab', 'c\nd', '\n\n', 'ef'].flatMap((piece) => cutter.push(bytes(piece)).map(String));
  expect(lines).toEqual(['abc', 'd', '']);
  expect(cutter.push(bytes('\n')).map(String)).toEqual(['ef']);
});

test('a line past the limit is refused before its end has come', () => {
  const longest = 'x'.repeat(limits.requestBytes.value);
  expect(new LineCutter().push(bytes(`${longest}\n`))).toHaveLength(1);
  const tooLong = expect.objectContaining({ code: 'request-too-large' });
  expect(() => new LineCutter().push(bytes(`${longest}x`))).toThrow(tooLong);
  const cutter = new LineCutter();
  cutter.push(bytes(longest));
  expect(() => cutter.push(bytes('x'))).toThrow(tooLong);
});
