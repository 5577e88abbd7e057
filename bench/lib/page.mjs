// docs/performance.md: prose by people, tables from bench/results.json.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../scripts/lib/paths.mjs';
import { renderPage } from './render.mjs';
import { committedResults, readResults } from './results.mjs';
import { allSections } from './sections.mjs';

const path = join(root, 'docs', 'performance.md');

/** @returns {Promise<{before: string, after: string}>} the page as it is and as the results make it */
export async function bothPages() {
  const before = await readFile(path, 'utf8');
  return { before, after: renderPage(before, await readResults(committedResults), allSections) };
}

/** Writes the tables of bench/results.json into the page. */
export async function writePage() {
  await writeFile(path, (await bothPages()).after);
}
