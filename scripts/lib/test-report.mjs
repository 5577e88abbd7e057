// Adding up what several test runs found.
import { readFile } from 'node:fs/promises';

/**
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {{name: string, reason: string}[]} skipped
 *
 * @typedef {object} TestRecord one test of a report
 * @property {string} file relative to the project
 * @property {string} name with those of the suites around it
 * @property {string} state passed, failed, skipped or pending
 * @property {import('./catalogue/check.mjs').Tried} [catalogue] what it says of an entry of the bypass catalogue
 */

/**
 * A check that either holds or does not counts as one test.
 * @param {boolean} holds
 * @returns {Tally}
 */
export function tallyOfCheck(holds) {
  return { passed: holds ? 1 : 0, failed: holds ? 0 : 1, skipped: [] };
}

/**
 * What tally-reporter.mjs wrote. A run that left no report, or that vitest calls failed though every test passed (no
 * test was found, say), is a failure.
 * @param {string} path
 * @param {number} status vitest's exit status
 * @returns {Promise<Tally>}
 */
export async function tallyOfVitest(path, status) {
  const tally = await readFile(path, 'utf8').then(JSON.parse, () => undefined);
  if (tally === undefined) return tallyOfCheck(false);
  const { passed, failed, skipped } = tally;
  return { passed, failed: failed === 0 && status !== 0 ? 1 : failed, skipped };
}

/** @param {Tally[]} tallies @returns {Tally} */
export function sum(tallies) {
  return {
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failed: tallies.reduce((total, { failed }) => total + failed, 0),
    skipped: tallies.flatMap(({ skipped }) => skipped),
  };
}
