import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { loadPolicies, parseTestFile, readPolicyFiles, runTest } from '../../src/policy/index.js';

const names = (await readdir('policies'))
  .filter((name) => name.endsWith('.policy'))
  .map((name) => name.replace('.policy', ''));

test.each(names)('the tests of %s pass, and try every rule of it', async (name) => {
  const [policy, tests] = await readPolicyFiles([`policies/${name}.policy`, `policies/${name}.tests`]);
  const ruleset = loadPolicies([policy!]);
  const file = parseTestFile(tests!);
  expect(file.diagnostics).toEqual([]);
  const results = file.tests.map((each) => runTest(each, ruleset));
  for (const { test: each, differences, problem } of results) {
    expect({ name: each.name, differences, problem }).toEqual({ name: each.name, differences: [], problem: undefined });
  }
  const matched = new Set(results.flatMap((result) => result.matched));
  expect([...matched].sort()).toEqual(ruleset.rules.map(({ id }) => id).sort());
});
