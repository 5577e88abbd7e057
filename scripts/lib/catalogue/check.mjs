// What a test report says against the catalogue.

/**
 * A test that tried an entry, as the report has it (see tally-reporter.mjs).
 * @typedef {object} Tried
 * @property {string} id of the entry
 * @property {string} kernel
 * @property {number} without programs that ran without the agent although a rule names them
 * @property {number} controls programs that ran with it, and that no rule names
 */

/**
 * @param {import('./table.mjs').Group[]} groups
 * @param {import('../test-report.mjs').TestRecord[]} tests
 * @returns {string[]} one sentence for each thing that is wrong
 */
export function problemsOf(groups, tests) {
  const entries = groups.flatMap((group) => group.entries);
  const known = new Set(entries.map(({ id }) => id));
  const strangers = tests.filter(({ catalogue }) => catalogue !== undefined && !known.has(catalogue.id));
  return [
    ...entries.flatMap((entry) => (entry.kernels ?? []).flatMap((kernel) => problemsOn(kernel, entry, tests))),
    ...strangers.map(({ name, catalogue }) => `"${name}" tests ${catalogue.id}, which is not in the catalogue`),
  ];
}

/** @param {string} kernel @param {import('./table.mjs').Entry} entry @param {import('../test-report.mjs').TestRecord[]} tests */
function problemsOn(kernel, { id, status, test }, tests) {
  const found = tests.filter(
    ({ file, catalogue }) => file === test && catalogue?.id === id && catalogue?.kernel === kernel,
  );
  const say = (text) => [`${id} (${status}) on ${kernel}: ${text}`];
  if (found.length === 0) return say(`no test of ${test} says that it tried it`);
  const [notPassed] = found.filter(({ state }) => state !== 'passed');
  if (notPassed !== undefined) return say(`its test ${notPassed.state}`);
  if (status !== 'blocked') return [];
  const [{ catalogue }] = found;
  if (!(catalogue.without > 0)) return say('its test did not see it succeed without the agent');
  if (!(catalogue.controls > 0)) return say('its test did not see the harmless control run with the agent');
  return [];
}
