import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { isKept } from '../../src/agent/pins.js';

const marks = mkdtempSync(join(tmpdir(), 'portcullis-marks-'));

afterEach(() => {
  for (const mark of ['hand-over', 'release']) rmSync(join(marks, mark), { force: true });
});

const kept = () => ({ release: isKept('release', marks), keep: isKept('keep', marks) });

test('a stop keeps what the configuration says', () => {
  expect(kept()).toEqual({ release: false, keep: true });
});

test('an upgrade keeps it whatever the configuration says', () => {
  writeFileSync(join(marks, 'hand-over'), '');
  expect(kept()).toEqual({ release: true, keep: true });
});

test('a package that is removed releases it whatever the configuration says', () => {
  for (const mark of ['hand-over', 'release']) writeFileSync(join(marks, mark), '');
  expect(kept()).toEqual({ release: false, keep: false });
});
