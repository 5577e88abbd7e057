import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { run } from './support.js';

test('the page in the documentation is current', async () => {
  const { stdout } = await run(['limits', '--markdown']);
  const page = await readFile('docs/limits.md', 'utf8');
  expect(stdout === page, 'run `portcullis limits --markdown > docs/limits.md`').toBe(true);
});

test('no part of the table is missing on the page', async () => {
  const rows = JSON.parse((await run(['limits', '--json'])).stdout) as { limit: string; unit: string }[];
  const page = (await run(['limits', '--markdown'])).stdout;
  expect(rows.length).toBeGreaterThan(100);
  // Vertical bars would end a cell.
  const isOnPage = ({ limit }: { limit: string }) => page.includes(`| ${limit.replaceAll('|', '\\|')} |`);
  expect(rows.filter((row) => !isOnPage(row))).toEqual([]);
});
