/** The real workshop: policies from files, images from the compiler. */
import { compileEnforceable } from '../compiler/index.js';
import { loadPolicies, readHostFacts, readPolicyFiles } from '../policy/index.js';
import { neverKnown } from '../rules/never-known.js';
import type { PolicyWorkshop } from './policies.js';

export const workshop: PolicyWorkshop = {
  async load(policies) {
    const files = policies.from === 'paths' ? await readPolicyFiles(policies.paths) : policies.files;
    return { ruleset: loadPolicies(files, { host: readHostFacts() }), files };
  },
  compile(loaded, options) {
    const { ruleset, compiled } = compileEnforceable(loaded, options);
    const { image, hash, rules, plan, lineage } = compiled;
    const warnings = neverKnown(plan.rules);
    return {
      ruleset: warnings.length === 0 ? ruleset : { ...ruleset, diagnostics: [...ruleset.diagnostics, ...warnings] },
      bytes: image,
      hash,
      lineage,
      rules: rules.map(({ rule, decision }) => ({
        rule,
        decidedBy: decision === 'decided' ? ('kernel' as const) : ('user-space' as const),
      })),
      exitRules: ruleset.rules
        .filter(({ event }) => event === 'exit')
        .map((rule) => ({ rule, decidedBy: 'user-space' as const })),
      places: plan.rules.map(({ rule, place, why, inEnforce }) => ({ rule, place, why, inEnforce })),
    };
  },
};
