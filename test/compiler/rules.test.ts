/** Whole rules over execs with several levels: the image must say of every rule what the evaluator says over the views. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile, interpret } from '../../src/compiler/index.js';
import { type Expression, evaluateViews } from '../../src/secl/index.js';
import {
  argument,
  block,
  exact,
  exactPath,
  glob,
  optionPattern,
  path,
  pattern,
  runs,
  text,
  value,
} from './arbitraries.js';
import { type Exec, executionOf, type FileFacts, match, rule, ruleset, use, viewsOf } from './support.js';

const operator = fc.constantFrom('==' as const, '<' as const, '<=' as const, '>' as const, '>=' as const);
const small = fc.bigInt({ min: -1n, max: 4n });
const modes = fc.constantFrom(0n, 0o100755n, 0o104755n, 0o100644n, 0o40777n);
const mask = fc.constantFrom(0o111n, 0o4000n, 0o777n, -1n);

const integer = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('exec.uid', 'exec.pid', 'exec.file.uid', 'exec.interpreter.file.uid'),
      operator,
      small,
      fc.boolean(),
    )
    .map(([name, compared, constant, turned]): Expression => {
      const field = { term: 'field', field: use(name) } as const;
      const number = { term: 'integer', value: constant } as const;
      return { node: 'compare', operator: compared, left: turned ? number : field, right: turned ? field : number };
    }),
  fc
    .tuple(fc.constantFrom('exec.file.mode', 'exec.file.rights', 'exec.interpreter.file.mode'), operator, mask, modes)
    .map(
      ([name, compared, bits, constant]): Expression => ({
        node: 'compare',
        operator: compared,
        left: {
          term: 'binary',
          operator: '&',
          left: { term: 'field', field: use(name) },
          right: { term: 'integer', value: bits },
        },
        right: { term: 'integer', value: constant },
      }),
    ),
  fc
    .tuple(fc.constantFrom('exec.uid', 'exec.file.uid'), fc.array(small, { minLength: 1, maxLength: 3 }))
    .map(([name, values]): Expression => ({ node: 'member', term: { term: 'field', field: use(name) }, values })),
);

const ordinary = fc.oneof(exact, pattern, optionPattern);
const textual = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('exec.file.path', 'exec.interpreter.file.path'),
      fc.array(fc.oneof(exactPath, glob), { minLength: 1, maxLength: 2 }),
    )
    .map(([name, matchers]) => match(name, ...matchers)),
  fc
    .tuple(
      fc.constantFrom(
        'exec.file.name',
        'exec.interpreter.file.name',
        'exec.comm',
        'exec.args',
        'exec.argv',
        'exec.args_flags',
        'exec.args_options',
        'exec.envs',
        'exec.argv0',
        'exec.tty_name',
      ),
      fc.array(ordinary, { minLength: 1, maxLength: 2 }),
    )
    .map(([name, matchers]) => match(name, ...matchers)),
);

const expression: fc.Arbitrary<Expression> = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    { weight: 4, arbitrary: textual },
    { weight: 2, arbitrary: integer },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(tie('tree'), { minLength: 2, maxLength: 3 }))
        .map(([node, operands]): Expression => ({ node, operands })),
    },
    { weight: 2, arbitrary: tie('tree').map((operand): Expression => ({ node: 'not', operand })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie('tree'), tie('tree'))
        .map(([left, right]): Expression => ({ node: 'equivalent', left, right })),
    },
  ),
})).tree;

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 6 });
const defined = <T extends object>(record: T) =>
  Object.fromEntries(Object.entries(record).filter(([, entry]) => entry !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
const file: fc.Arbitrary<FileFacts> = fc
  .record({ path: maybe(text(path)), name: maybe(text(value)), uid: maybe(small), mode: maybe(modes) })
  .map(defined);
const exec: fc.Arbitrary<Exec> = fc
  .record({
    last: fc.constantFrom('program' as const, 'program' as const, 'unfinished' as const),
    comm: maybe(text(value)),
    argv0: maybe(text(value)),
    tty: maybe(text(value)),
    args: maybe(block(argument)),
    envs: maybe(block(value)),
    uid: maybe(small),
    pid: maybe(small),
  })
  .chain((facts) => fc.array(file, { minLength: 1, maxLength: 3 }).map((levels) => ({ levels, ...defined(facts) })));

test('rulesets in the image agree with the evaluator over all views', () => {
  const seen: Record<string, number> = { true: 0, false: 0, unknown: 0 };
  fc.assert(
    fc.property(
      fc.array(expression, { minLength: 1, maxLength: 5 }),
      fc.array(exec, { minLength: 6, maxLength: 6 }),
      (expressions, execs) => {
        const compiled = compile(ruleset(...expressions.map((one, at) => rule(`rule ${at}`, one))));
        for (const one of execs) {
          const expected: { true: number[]; unknown: number[] } = { true: [], unknown: [] };
          const views = viewsOf(one);
          expressions.forEach((tree, at) => {
            const truth = evaluateViews(tree, views, { now: 0n });
            seen[String(truth)]!++;
            if (truth !== false) expected[truth === true ? 'true' : 'unknown'].push(at);
          });
          const { true: holds, unknown } = interpret(compiled.image, executionOf(one));
          expect({ exec: one, true: holds, unknown }).toEqual({ exec: one, ...expected });
          // Before the exec only what holds is asked.
          const before = interpret(compiled.image, executionOf(one, 'refuse'));
          expect([before.true, before.unknown]).toEqual([expected.true, []]);
        }
      },
    ),
    runs(400),
  );
  const total = seen.true! + seen.false! + seen.unknown!;
  for (const truth of ['true', 'false', 'unknown']) expect([truth, seen[truth]! / total > 0.15]).toEqual([truth, true]);
});
