/** Random matchers and values for property tests: few letters, so that they meet. */
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { globProblem } from '../../src/secl/glob.js';
import type { Bytes, Matcher } from '../../src/secl/index.js';
import { wildcard } from '../../src/secl/wildcard.js';
import type { Block, Text } from './support.js';

/** Bytes of arguments and names, among them what the tokenizer looks at and parts of UTF-8. */
const letters = [
  'a',
  'b',
  'c',
  '1',
  '-',
  '=',
  ' ',
  '\n',
  '_',
  '\xc3',
  '\xa9',
  '\xe2',
  '\x82',
  '\xac',
  '\xf0',
  '\x9f',
  '\xff',
];
const weighted = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', '-', '=') },
  { weight: 2, arbitrary: fc.constantFrom(...letters) },
);

export const value: fc.Arbitrary<Bytes> = fc.string({ unit: weighted, maxLength: 8 });
const literal: fc.Arbitrary<Bytes> = fc.string({ unit: weighted, minLength: 1, maxLength: 3 });

const steps = fc.constantFrom('/a', '/b', '/ab', '/', 'a', 'b', '\xc3\xa9');
export const path: fc.Arbitrary<Bytes> = fc
  .array(steps, { minLength: 1, maxLength: 4 })
  .chain((parts) => fc.constantFrom(`/${parts.join('')}`, parts.join('')));
/** Some exact path; often one that was drawn. */
export const exactPath: fc.Arbitrary<Matcher> = fc
  .array(steps, { minLength: 1, maxLength: 2 })
  .map((parts) => ({ kind: 'exact', bytes: parts.join('') }));

export const text = (bytes: fc.Arbitrary<Bytes>): fc.Arbitrary<Text> =>
  fc.tuple(bytes, fc.boolean()).map(([read, cut]) => ({ bytes: read, complete: !cut || read === '' }));

export const argument: fc.Arbitrary<Bytes> = fc
  .tuple(
    fc.constantFrom('', '-', '-', '--', '--', '---'),
    fc.oneof(value, fc.string({ unit: fc.constantFrom('a', 'b', '='), maxLength: 3 })),
  )
  .map((parts) => parts.join(''));

/** A block of strings, often cut somewhere; something of it is always read. */
export const block = (string: fc.Arbitrary<Bytes>): fc.Arbitrary<Block> =>
  fc
    .tuple(fc.array(string, { maxLength: 4 }), fc.integer({ min: 1, max: 40 }))
    .map(([strings, read]) => ({ strings, read }));

export const exact: fc.Arbitrary<Matcher> = fc
  .oneof(value, literal, fc.constantFrom('a', 'b', 'ab', 'a=', 'a=b', 'b='))
  .map((bytes) => ({ kind: 'exact', bytes }));

export const pattern: fc.Arbitrary<Matcher> = fc
  .array(fc.oneof({ weight: 2, arbitrary: fc.constant('*') }, { weight: 3, arbitrary: literal }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => wildcard(parts.join('')));

const segment = fc.oneof(
  fc.constantFrom('*', '*', '**', '**', 'a', 'b', 'a*', '*b', 'a*b', '*a*', ''),
  fc.string({ unit: fc.constantFrom('a', 'b', '*', '\xc3', '\xa9'), maxLength: 4 }),
);
export const glob: fc.Arbitrary<Matcher> = fc
  .tuple(fc.constantFrom('/', '/', ''), fc.array(segment, { minLength: 1, maxLength: 4 }))
  .map(([root, segments]) => root + segments.join('/'))
  .filter((source) => globProblem(source) === undefined)
  .map((source) => ({ kind: 'glob', pattern: source }));

const piece = fc.constantFrom(
  'a',
  'b',
  'ab',
  '.',
  '[ab]',
  '[^a]',
  'é',
  '€',
  '[à-ÿ]',
  '\\x{FFFD}',
  '\\w',
  '\\W',
  '\\d',
  '\\n',
  '-',
  '=',
  '(?i:k)',
  '(?i:A)',
  '\\pL',
  '(?s:.)',
);
const assertion = fc.constantFrom('^', '$', '\\b', '\\B', '\\A', '\\z', '(?m:^)', '(?m:$)');
const suffix = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '*?');
const atom = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(piece, suffix).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: assertion },
);
const sequence = fc.array(atom, { maxLength: 4 }).map((parts) => parts.join(''));
/** Patterns that options and flags often match. */
export const optionPattern: fc.Arbitrary<Matcher> = fc
  .constantFrom('a=*', '*=b', 'b*', '*a*', '*=', 'a*=*', '*', '*-*')
  .map((source) => wildcard(source));

export const regexpSource: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 3, arbitrary: sequence },
    { weight: 1, arbitrary: fc.tuple(sequence, sequence).map(([left, right]) => `${left}|${right}`) },
    {
      weight: 1,
      arbitrary: fc.tuple(sequence, sequence, suffix, sequence).map(([a, b, s, c]) => `${a}(?:${b})${s}${c}`),
    },
  )
  .filter(isRegexp);
export const regexp: fc.Arbitrary<Matcher> = regexpSource.map((source) => ({ kind: 'regexp', source }));

function isRegexp(source: string): boolean {
  try {
    RE2JS.compile(source);
    return true;
  } catch {
    return false;
  }
}

/** Property tests print their seed when they fail; FC_SEED and FC_RUNS repeat or lengthen them. */
export function runs(count: number): fc.Parameters<unknown> {
  const seed = process.env.FC_SEED === undefined ? {} : { seed: Number(process.env.FC_SEED) };
  return { numRuns: process.env.FC_RUNS === undefined ? count : Number(process.env.FC_RUNS), ...seed };
}
