/** What compilations leave behind is collected once, a while after the last of them. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { collectSoon } from '../../src/agent/garbage.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('once for many, when the last is ten seconds old', () => {
  const collect = vi.fn();
  collectSoon(collect);
  vi.advanceTimersByTime(9_000);
  collectSoon(collect);
  vi.advanceTimersByTime(9_000);
  expect(collect).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  expect(collect).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(60_000);
  expect(collect).toHaveBeenCalledTimes(1);
});

test('what nothing refers to is gone then', () => {
  const left = new WeakRef({ table: new Uint8Array(1 << 20) });
  vi.advanceTimersByTime(0);
  return Promise.resolve().then(async () => {
    vi.useRealTimers();
    await new Promise((resolve) => setImmediate(resolve));
    vi.useFakeTimers();
    collectSoon();
    vi.advanceTimersByTime(10_000);
    expect(left.deref()).toBeUndefined();
  });
});
