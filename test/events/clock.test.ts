import { expect, test } from 'vitest';
import { AlignedClock } from '../../src/events/clock.js';

test('times since boot become dates, and follow a wall clock that is set', () => {
  let boot = 60_000_000_000n;
  let wall = Date.parse('2026-01-01T00:01:00Z');
  const clock = new AlignedClock(
    () => boot,
    () => wall,
  );
  expect(clock.iso(30_500_000_000n)).toBe('2026-01-01T00:00:30.500Z');
  boot += 10_000_000_000n;
  wall += 10_000 + 3_600_000;
  expect(clock.iso(60_000_000_000n)).toBe('2026-01-01T00:01:00.000Z');
  clock.align();
  expect(clock.iso(60_000_000_000n)).toBe('2026-01-01T01:01:00.000Z');
  expect(clock.isoNow()).toBe('2026-01-01T01:01:10.000Z');
});
