import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

function fuzz(...args: string[]) {
  return spawnSync('node', [join(root, 'scripts/fuzz.mjs'), ...args], { encoding: 'utf8', timeout: 55_000 });
}

// The same choices every time; `npm run fuzz` makes new ones.
test('five seconds of random inputs break nothing', () => {
  const { status, stdout, stderr } = fuzz('--seconds', '5', '--seed', '3');
  expect(`${stderr}${stdout}`).toContain(' 0 findings, seed 3\n');
  expect(Number(/(\d+) inputs/.exec(stdout)?.[1])).toBeGreaterThan(5);
  expect(status).toBe(0);
});

test('what it does not know it says', () => {
  expect(fuzz('--target', 'kernel').stderr).toContain('no target kernel');
  expect(fuzz('--seconds', 'many').status).toBe(2);
});
