import { expect, test } from 'vitest';
import { exitOf } from '../../src/events/exit.js';

test.each([
  ['an exit code', 3 << 8, { cause: 'EXITED', code: 3 }],
  ['no error', 0, { cause: 'EXITED', code: 0 }],
  ['the largest code', 0xff00, { cause: 'EXITED', code: 255 }],
  ['a signal', 9, { cause: 'SIGNALED', code: 9 }],
  ['a core dump', 0x80 | 11, { cause: 'COREDUMPED', code: 11 }],
] as const)('%s', (_, status, expected) => {
  expect(exitOf(status)).toEqual(expected);
});
