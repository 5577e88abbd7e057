import { readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { getPriority, setPriority } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { limits } from '../../src/agent/limits.js';
import { goAhead } from '../../src/agent/priority.js';

const threads = () => readdirSync('/proc/self/task').map(Number);
let before: Map<number, number>;
beforeEach(async () => {
  // The threads of the pool are there once something was asked of them.
  await readdir('.');
  before = new Map(threads().map((thread) => [thread, getPriority(thread)]));
});
afterEach(() => {
  for (const [thread, priority] of before) setPriority(thread, priority);
});

test.skipIf(process.getuid?.() !== 0)('the agent goes ahead of others with all its threads, and never back', () => {
  expect(before.size).toBeGreaterThan(1);
  goAhead();
  expect(new Set(threads().map((thread) => getPriority(thread)))).toEqual(new Set([-limits.niceness.value]));
  setPriority(-15);
  goAhead();
  expect(getPriority()).toBe(-15);
});
