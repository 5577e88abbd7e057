// The file of results: one key a section, merged, so that a section is measured alone.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { root } from '../../scripts/lib/paths.mjs';

/** What docs/performance.md shows. */
export const committedResults = join(root, 'bench', 'results.json');

/** The machine in a few words. */
export function machine() {
  const processors = cpus();
  return `${processors.length} x ${processors[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
}

/**
 * @param {import('./section.mjs').SectionResult} result @param {string} command
 * @returns {import('./section.mjs').StoredResult}
 */
export function stored(result, command) {
  const date = new Date().toISOString().slice(0, 10);
  return { machine: machine(), kernel: release(), date, command, ...result };
}

/** @param {string} path @returns {Promise<import('./section.mjs').Results>} nothing without a file */
export async function readResults(path) {
  return existsSync(path) ? JSON.parse(await readFile(path, 'utf8')) : {};
}

/** @param {string} path @param {string} name @param {import('./section.mjs').StoredResult} result */
export async function mergeResult(path, name, result) {
  // Read just before writing: sections may be measured at the same time.
  const results = { ...(await readResults(path)), [name]: result };
  await writeFile(path, `${JSON.stringify(rounded(results), null, 1)}\n`);
}

/** Six digits are more than any clock here has. */
function rounded(value) {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(6));
  if (Array.isArray(value)) return value.map(rounded);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, rounded(inner)]));
}
