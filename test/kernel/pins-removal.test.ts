// What removing pins does when somebody else removes them at the same time: an ordinary file system is enough for that.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PinnedSet } from '../../src/kernel/pins.js';

/** Called after each listing of a directory, before it is known to whoever asked. */
let afterListing: (path: string) => void = () => {};
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const readdirSync = (path: string, ...rest: []) => {
    const entries = real.readdirSync(path, ...rest);
    afterListing(path);
    return entries;
  };
  return { ...real, readdirSync };
});

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'portcullis-set-'));
  for (const directory of ['maps', 'links-1']) mkdirSync(join(path, directory));
  for (const file of ['maps/state', 'maps/images', 'links-1/exec', 'record']) writeFileSync(join(path, file), '');
});
afterEach(() => {
  afterListing = () => {};
  rmSync(path, { recursive: true, force: true });
});

const set = () => new PinnedSet(path, { layout: '', object: '', tier: 'tracepoint', capacity: 0, scratches: 0 });

test.each(['maps', 'links-1', '.'])('what went from %s between two looks is as good as removed', (below) => {
  const gone = join(path, below);
  afterListing = (listed) => {
    if (listed === gone) rmSync(gone, { recursive: true });
  };
  set().remove();
  expect(existsSync(path)).toBe(false);
});

test('what cannot be removed for another reason is not passed over', () => {
  // a pin that comes while the others go
  afterListing = (listed) => {
    if (listed === join(path, 'maps')) writeFileSync(join(path, 'maps', 'late'), '');
  };
  expect(() => set().remove()).toThrow('ENOTEMPTY');
});
