/** Every kind of matcher over every field: the image must say what the evaluator says, cut values included. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, interpret } from '../../src/compiler/index.js';
import { evaluateViews, type Matcher, type Truth } from '../../src/secl/index.js';
import {
  argument,
  block,
  exact,
  exactPath,
  glob,
  optionPattern,
  path,
  pattern,
  regexp,
  runs,
  text,
  value,
} from './arbitraries.js';
import { type Exec, executionOf, match, rule, ruleset, viewsOf } from './support.js';

/** What the image says of rule 0. */
function imageTruth(image: Uint8Array, exec: Exec): Truth {
  const result = interpret(image, executionOf(exec));
  if (result.true.includes(0)) return true;
  return result.unknown.includes(0) ? 'unknown' : false;
}

/** How often each truth was seen: a property that is never true tests nothing. */
type Seen = Record<string, number>;

function agree(name: string, matcher: fc.Arbitrary<Matcher>, exec: fc.Arbitrary<Exec>, count: number): Seen {
  const seen: Seen = { true: 0, false: 0, unknown: 0, rejected: 0 };
  fc.assert(
    fc.property(
      fc.array(matcher, { minLength: 1, maxLength: 3 }),
      fc.array(exec, { minLength: 8, maxLength: 8 }),
      (matchers, execs) => {
        const expression = match(name, ...matchers);
        const compiled = compile(ruleset(rule('one', expression)));
        // A few regular expressions are beyond the budget of states; those are for user space.
        if (compiled.rules[0]!.decision === 'candidate') return void seen.rejected!++;
        for (const one of execs) {
          const truth = evaluateViews(expression, viewsOf(one), { now: 0n });
          seen[String(truth)]!++;
          expect([one, imageTruth(compiled.image, one)]).toEqual([one, truth]);
        }
      },
    ),
    runs(count),
  );
  return seen;
}

const file = { uid: 0n, mode: 0n };
const withArguments = fc.oneof(block(argument), block(value)).map((args): Exec => ({ levels: [file], args }));
const ordinary = fc.oneof(exact, pattern, regexp);

describe('matchers in the image agree with the evaluator', () => {
  const cases: [field: string, fc.Arbitrary<Matcher>, fc.Arbitrary<Exec>][] = [
    ['exec.file.path', fc.oneof(exactPath, glob), text(path).map((known): Exec => ({ levels: [{ path: known }] }))],
    [
      'exec.interpreter.file.path',
      glob,
      fc
        .array(text(path), { minLength: 1, maxLength: 3 })
        .map((paths): Exec => ({ levels: paths.map((known) => ({ path: known })) })),
    ],
    ['exec.file.name', ordinary, text(value).map((known): Exec => ({ levels: [{ name: known }] }))],
    ['exec.comm', ordinary, text(value).map((comm): Exec => ({ levels: [file], comm }))],
    ['exec.argv0', ordinary, text(value).map((argv0): Exec => ({ levels: [file], argv0 }))],
    ['exec.tty_name', ordinary, text(value).map((tty): Exec => ({ levels: [file], tty }))],
    ['exec.args', ordinary, withArguments],
    ['exec.argv', ordinary, withArguments],
    ['exec.args_flags', fc.oneof(ordinary, optionPattern), withArguments],
    ['exec.args_options', fc.oneof(ordinary, optionPattern), withArguments],
    ['exec.envs', ordinary, block(value).map((envs): Exec => ({ levels: [file], envs }))],
  ];
  test.each(cases)('%s', (name, matcher, exec) => {
    const seen = agree(name, matcher, exec, 150);
    // Each answer is met: a random path matches a random glob in about one of forty.
    for (const truth of ['true', 'false', 'unknown']) expect([truth, seen[truth]! >= 10]).toEqual([truth, true]);
    expect(seen.rejected).toBeLessThan(10);
  });
});
