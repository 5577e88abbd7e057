/** Random tests of integers. */
import type { Random } from './random.js';

export const integerConstructs = ['integer', 'integer range', 'integer list', 'masked integer'] as const;
export type IntegerConstruct = (typeof integerConstructs)[number];

const least = -(2n ** 63n);
const most = 2n ** 63n - 1n;

/** A test of `field`, for which `value` is a likely one. */
export function integerTest(
  random: Random,
  field: string,
  value: bigint,
): { readonly construct: IntegerConstruct; readonly text: string } {
  const construct = random.pick(integerConstructs);
  const near = () => clamped(value + BigInt(random.pick([0, 0, 0, 0, 1, -1])));
  switch (construct) {
    case 'integer':
      return { construct, text: `${field} ${random.pick(['==', '==', '!='])} ${near()}` };
    case 'integer range': {
      const operator = random.pick(['<', '<=', '>', '>=']);
      if (random.chance(0.2)) return { construct, text: `${near()} ${operator} ${field}` };
      return { construct, text: `${field} ${operator} ${near()}` };
    }
    case 'integer list': {
      const members = random.list(random.between(1, 5), () => (random.chance(0.5) ? near() : BigInt(random.below(9))));
      return { construct, text: `${field} ${random.pick(['in', 'in', 'not in'])} [${members.join(', ')}]` };
    }
    case 'masked integer': {
      const mask = random.pick([1n, 3n, 0o111n, 0o4000n, 0o7777n, -1n, -2n, least, most, value]);
      const kept = BigInt.asIntN(64, near() & mask);
      return { construct, text: `${field} & ${mask} ${random.pick(['==', '!=', '>', '<=', '>='])} ${kept}` };
    }
  }
}

function clamped(value: bigint): bigint {
  return value < least ? least : value > most ? most : value;
}
