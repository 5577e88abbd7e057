#!/usr/bin/env node
// npm run faults: docs/faults.md from the titles of test/faults/faults.test.ts.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { faultsPage } from './lib/faults.mjs';
import { root } from './lib/paths.mjs';
import { runMain } from './lib/process.mjs';

await runMain(async () => {
  const source = await readFile(join(root, 'test/faults/faults.test.ts'), 'utf8');
  await writeFile(join(root, 'docs/faults.md'), faultsPage(source));
  return 0;
});
