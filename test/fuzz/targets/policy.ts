import { loadPolicies, plain, renderDiagnostic } from '../../../src/policy/index.js';
import { randomExpression } from '../grammar.js';
import { mutate } from '../mutate.js';
import { policyOf } from '../policies.js';
import type { Target } from '../targets.js';
import { promise } from './promises.js';

/** The loader never throws; every diagnostic has its place and can be shown; nothing that was refused is loaded. */
export const policy: Target = {
  make: (random, { policies, expressions, regexps }) => {
    const generate = () => random.list(random.between(1, 4), () => randomExpression(random, regexps));
    const text = random.chance(0.2) ? policyOf(random, generate()) : random.pick(policies);
    return mutate(random, text, random.chance(0.7) ? policies : expressions);
  },
  run: (input, random) => {
    const text = random.chance(0.5) ? input : spoilt(Buffer.from(input), random.below(input.length + 1));
    const files = random.chance(0.1) ? ['a.policy', 'b.policy'] : ['a.policy'];
    const { diagnostics, rules } = loadPolicies(files.map((file) => ({ file, text })));
    for (const diagnostic of diagnostics) {
      const { line, column, message, endColumn = column } = diagnostic;
      promise(line >= 1 && column >= 1 && endColumn >= column, `${message}: at ${line}:${column} to ${endColumn}`);
      promise(message !== '' && !message.includes('undefined'), `a message that says nothing: ${message}`);
      renderDiagnostic(diagnostic, plain);
    }
    promise(new Set(rules.map(({ id }) => id)).size === rules.length, 'two rules of one id');
  },
};

/** Bytes that are perhaps no UTF-8. */
function spoilt(bytes: Buffer, at: number): Buffer {
  if (at < bytes.length && at % 3 === 0) bytes[at] = 0xff;
  return bytes;
}
