import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearestNames } from '../../src/secl/nearest.js';

test('the name with the fewest changes comes first, none when all are far', () => {
  expect(nearestNames('exec.com', ['exec.comm', 'exec.uid', 'open.flags'])).toEqual(['exec.comm']);
  expect(nearestNames('MINRES', ['MINERS', 'SHELLS'])).toEqual(['MINERS']);
  expect(nearestNames('a', ['A', 'DS', 'KX'])).toEqual([]);
  expect(nearestNames('proc.file.name', ['process.file.name', 'exec.file.mode'])).toEqual(['process.file.name']);
});

test('one change is always found', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.'), minLength: 6, maxLength: 20 });
  fc.assert(
    fc.property(name, fc.nat(), (known, at) => {
      const place = at % known.length;
      for (const written of [
        known.slice(0, place) + known.slice(place + 1),
        `${known.slice(0, place)}x${known.slice(place)}`,
      ]) {
        expect(nearestNames(written, [known])).toEqual([known]);
      }
    }),
  );
});
