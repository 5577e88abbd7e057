import { ImageReader } from '../../../src/compiler/image/reader.js';
import { loadPolicies } from '../../../src/policy/index.js';
import { type Event, evaluate, type Field, unknown } from '../../../src/secl/index.js';
import { run } from '../../property/engines.js';
import { randomExecution, randomVocabulary } from '../../property/execution.js';
import type { Random } from '../../property/random.js';
import type { Target } from '../targets.js';
import { compiledOf, compiler } from './compiler.js';
import { promise } from './promises.js';

/** On execs the evaluator and the image interpreter agree; on other events the evaluator has an answer. */
export const evaluator: Target = {
  make: compiler.make,
  run: (text, random) => {
    const ruleset = loadPolicies([{ file: 'a.policy', text }]);
    for (const { expression } of ruleset.rules) {
      const truth = evaluate(expression, randomEvent(random), { now: 10n ** 18n });
      promise(truth === true || truth === false || truth === 'unknown', `${String(truth)} is no truth`);
    }
    const compiled = compiledOf(ruleset);
    if (compiled === undefined || compiled.rules.length === 0) return;
    const image = new ImageReader(compiled.image);
    const vocabulary = randomVocabulary(random);
    for (let left = 3; left > 0; left--) {
      const prepared = { ruleset: { rules: [], onUnknown: 'report' as const }, compiled, image };
      const { disagreement } = run(prepared, randomExecution(random, vocabulary));
      promise(disagreement === undefined, `the engines disagree: ${JSON.stringify(disagreement)}`);
    }
  },
};

const texts = ['', 'a', 'ab', 'xmrig', '/tmp/a', '/', 'a.b.co.uk', '\xff', 'a'.repeat(3_000)];

/** Answers every field with something of its type, and has a few elements of everything. */
function randomEvent(random: Random): Event {
  const one = ({ type }: Field) => {
    if (random.chance(0.1)) return unknown;
    switch (type) {
      case 'string':
        return random.chance(0.1) ? ({ known: 'prefix', prefix: random.pick(texts) } as const) : random.pick(texts);
      case 'int':
        return random.pick([0n, 1n, -1n, 1000n, 2n ** 63n - 1n]);
      case 'bool':
        return random.chance(0.5);
      case 'ip':
        return { family: 4, bits: 0x0a000001n, prefix: 32 } as const;
    }
  };
  const event: Event = {
    get: (field) => (field.array && random.chance(0.8) ? random.list(random.below(4), () => one(field)) : one(field)),
    iterate: () => ({ elements: random.list(random.below(3), () => event), complete: random.chance(0.8) }),
  };
  return event;
}
