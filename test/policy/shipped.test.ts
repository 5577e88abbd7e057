import { expect, test } from 'vitest';
import { loadPolicies, readPolicyFiles, renderDiagnostic } from '../../src/policy/index.js';

test('every shipped policy loads without any diagnostic, in monitor', async () => {
  const files = await readPolicyFiles(['policies']);
  expect(files.length).toBeGreaterThan(0);
  const ruleset = loadPolicies(files, { mixedLogical: 'refuse' });
  expect(ruleset.diagnostics.map((diagnostic) => renderDiagnostic(diagnostic))).toEqual([]);
  for (const rule of ruleset.rules) {
    expect(rule.mode, rule.id).toBe('monitor');
    expect(rule.description, rule.id).toBeTruthy();
    expect(rule.productTags, rule.id).toContain('technique:T1496-resource-hijacking');
    expect(rule.productTags, rule.id).toContain('tactic:TA0040-impact');
  }
});
