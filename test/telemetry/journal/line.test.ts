import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeLine, encodeLine } from '../../../src/telemetry/journal/line.js';

const text = fc.string({ unit: 'grapheme', minLength: 1 }).map((any) => any.replaceAll('\n', ' '));

test('any line comes back as it was', () => {
  fc.assert(
    fc.property(text, (line) => {
      const bytes = encodeLine(line);
      expect(bytes.at(-1)).toBe(0x0a);
      expect(decodeLine(bytes.subarray(0, -1))).toBe(line);
    }),
  );
});

test('a line with one other byte, or with less or more, is none', () => {
  fc.assert(
    fc.property(text, fc.nat(), fc.integer({ min: 1, max: 255 }), (line, where, change) => {
      const bytes = encodeLine(line).subarray(0, -1);
      const altered = Buffer.from(bytes);
      const at = where % bytes.length;
      altered[at] = altered[at]! ^ change;
      expect(decodeLine(altered)).toBeUndefined();
      expect(decodeLine(bytes.subarray(0, at))).toBeUndefined();
      expect(decodeLine(Buffer.concat([bytes, Buffer.from('x')]))).toBeUndefined();
    }),
  );
});

test('the checksum is the one that others compute', () => {
  const python = 'import sys, zlib; print("%08x" % zlib.crc32(sys.argv[1].encode()))';
  const theirs = String(execFileSync('python3', ['-c', python, '{"é":1}'])).trim();
  expect(encodeLine('{"é":1}').toString()).toBe(`${theirs} {"é":1}\n`);
});
