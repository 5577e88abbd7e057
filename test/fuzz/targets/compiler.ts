import { ImageReader } from '../../../src/compiler/image/reader.js';
import { type Compiled, CompileError, compile } from '../../../src/compiler/index.js';
import { loadPolicies } from '../../../src/policy/index.js';
import type { Ruleset } from '../../../src/policy/ruleset.js';
import { randomExpression } from '../grammar.js';
import { mutate } from '../mutate.js';
import { policyOf } from '../policies.js';
import type { Target } from '../targets.js';
import { promise } from './promises.js';

/** A ruleset has an image that reads back, always the same, and a plan with every rule; or it is refused with a reason. */
export const compiler: Target = {
  make: (random, { expressions, regexps }) => {
    const expression = () => {
      const text = random.chance(0.75) ? randomExpression(random, regexps) : random.pick(expressions);
      return random.chance(0.15) ? mutate(random, text, expressions) : text;
    };
    return policyOf(
      random,
      random.list(
        random.weighted([
          [8, random.between(1, 5)],
          [1, random.between(6, 40)],
        ] as const),
        expression,
      ),
    );
  },
  run: (text, random) => {
    const ruleset = loadPolicies([{ file: 'a.policy', text }]);
    const compiled = compiledOf(ruleset);
    if (compiled === undefined) return;
    const { rules } = new ImageReader(compiled.image);
    promise(rules.length === compiled.rules.length, 'the image has another number of rules');
    promise(compiled.plan.rules.length === ruleset.rules.length, 'the plan leaves rules out');
    if (random.chance(0.1)) promise(compile(ruleset).hash === compiled.hash, 'a second image differs');
  },
};

/** Undefined: there can be no image, for a reason that is named. */
export function compiledOf(ruleset: Ruleset): Compiled | undefined {
  try {
    return compile(ruleset);
  } catch (error) {
    if (error instanceof CompileError) return undefined;
    throw error;
  }
}
