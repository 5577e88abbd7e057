import { expect, test } from 'vitest';
import { isSwitchedOff } from '../../src/agent/boot-parameter.js';

test.each([
  ['quiet portcullis=off splash\n', true],
  ['portcullis=off', true],
  ['quiet\n', false],
  ['portcullis=offline', false],
  ['xportcullis=off', false],
  ['portcullis=on', false],
])('the parameters %j', (parameters, off) => {
  expect(isSwitchedOff(() => parameters)).toBe(off);
});

test('parameters that cannot be read switch nothing off', () => {
  const unreadable = () => {
    throw new Error('no /proc');
  };
  expect(isSwitchedOff(unreadable)).toBe(false);
});
