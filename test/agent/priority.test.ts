import { getPriority, setPriority } from 'node:os';
import { afterEach, expect, test } from 'vitest';
import { limits } from '../../src/agent/limits.js';
import { goAhead } from '../../src/agent/priority.js';

const before = getPriority();
afterEach(() => setPriority(before));

test.skipIf(process.getuid?.() !== 0)('the agent goes ahead of others, and never back', () => {
  goAhead();
  expect(getPriority()).toBe(-limits.niceness.value);
  setPriority(-15);
  goAhead();
  expect(getPriority()).toBe(-15);
});
