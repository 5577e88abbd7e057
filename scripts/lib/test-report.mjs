// Adding up what several test runs found.
import { readFile } from 'node:fs/promises';

/**
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {{name: string, reason: string}[]} skipped
 */

/** @type {Tally} */
export const NOTHING = { passed: 0, failed: 0, skipped: [] };

/**
 * A check that either holds or does not counts as one test.
 * @param {boolean} holds
 * @returns {Tally}
 */
export function tallyOfCheck(holds) {
  return { ...NOTHING, passed: holds ? 1 : 0, failed: holds ? 0 : 1 };
}

/**
 * Reads vitest's JSON report. A file that could not even be loaded, and a report that is missing, are failures.
 * @param {string} path
 * @param {number} status vitest's exit status
 * @returns {Promise<Tally>}
 */
export async function tallyOfVitest(path, status) {
  const report = await readFile(path, 'utf8').then(JSON.parse, () => undefined);
  if (report === undefined) return tallyOfCheck(false);
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const failed = report.numFailedTests + broken;
  return {
    passed: report.numPassedTests,
    // A run that vitest calls failed has failed, even if every test passed (an unhandled error, say).
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: tests.filter(isSkipped).map((test) => ({ name: test.fullName, reason: reasonOf(test) })),
  };
}

/** @param {{status: string}} test */
function isSkipped({ status }) {
  return status === 'skipped' || status === 'pending' || status === 'todo';
}

/** What the test gave as its reason to `context.skip(reason)`. @param {{meta?: {skipReason?: string}, status: string}} test */
function reasonOf(test) {
  return test.meta?.skipReason ?? (test.status === 'todo' ? 'not written yet' : 'no reason given');
}

/** @param {Tally[]} tallies @returns {Tally} */
export function sum(tallies) {
  return {
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failed: tallies.reduce((total, { failed }) => total + failed, 0),
    skipped: tallies.flatMap(({ skipped }) => skipped),
  };
}
