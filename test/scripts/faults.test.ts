import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { faultsPage } from '../../scripts/lib/faults.mjs';

test('docs/faults.md is what the tests of faults say', async () => {
  const source = await readFile('test/faults/faults.test.ts', 'utf8');
  const page = faultsPage(source);
  expect(page.match(/^\| [^w]/gm)).toHaveLength(source.match(/^fault\(/gm)!.length);
  expect((await readFile('docs/faults.md', 'utf8')) === page, 'run `npm run faults`').toBe(true);
});
