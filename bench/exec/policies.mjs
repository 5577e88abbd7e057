// The policies that an exec is measured under, compiled here so that the guest has only to load them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/lib/paths.mjs';
import { policyOf } from '../rules.mjs';

const SMALL = `version: 1.0.0
mode: monitor
rules:
  - id: one
    expression: exec.file.name == "xmrig"
    actions:
      - deny: {}
`;

/** The texts by name, in mode monitor. @type {Record<string, () => string>} */
const TEXTS = {
  'one rule': () => SMALL,
  shipped: () => readFileSync(join(root, 'policies', 'cryptominer.policy'), 'utf8'),
  '1,000 rules': () => policyOf(1000),
};

/**
 * A policy as its author would turn it on.
 * @param {string} name of TEXTS
 * @param {'monitor' | 'enforce'} mode
 * @returns {string}
 */
export function policyText(name, mode) {
  const text = TEXTS[name]();
  if (!text.includes('\nmode: monitor\n')) throw new Error(`the policy ${name} does not install in mode monitor`);
  return text.replace('\nmode: monitor\n', `\nmode: ${mode}\n`);
}

/**
 * @param {string} name of TEXTS
 * @param {'monitor' | 'enforce'} mode
 * @returns {Promise<Uint8Array>} what the kernel walks
 */
export async function policyImage(name, mode) {
  const { compileEnforceable } = await import('../../dist/compiler/index.js');
  const { loadPolicies } = await import('../../dist/policy/index.js');
  const ruleset = loadPolicies([{ file: `${name}.policy`, text: policyText(name, mode) }]);
  const errors = ruleset.diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(`the policy ${name} has an error: ${errors[0].message}`);
  return compileEnforceable(ruleset, { onUnknown: 'report' }).compiled.image;
}

/** What makes the agent look at execs: policies by name, one rule each. */
export const SMALL_POLICIES = {
  'exit-rule': ruleText('exit.code == 77'),
  'lineage-rule': ruleText('exec.file.name == "xmrig" && process.ancestors.file.name == "no-such-ancestor"'),
  'every-exec': ruleText('exec.file.name == "bare"'),
};

/** @param {string} expression */
function ruleText(expression) {
  return `version: 1.0.0\nmode: monitor\nrules:\n  - id: one\n    expression: '${expression}'\n    actions:\n      - kill: {signal: SIGKILL}\n`;
}
