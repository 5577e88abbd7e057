/** Each limit once where it is passed: what follows is what limits.ts says. */
import { describe, expect, test } from 'vitest';
import { OutputLists } from '../../src/compiler/automata/outputs.js';
import { Work } from '../../src/compiler/automata/work.js';
import { ImageReader } from '../../src/compiler/image/reader.js';
import { CompileError, compile, compilerLimits } from '../../src/compiler/index.js';
import * as limits from '../../src/compiler/limits.js';
import { buildStreams, Patterns } from '../../src/compiler/streams.js';
import { textTest } from '../../src/compiler/tests.js';
import type { Expression } from '../../src/secl/index.js';
import { match, rule, ruleset, rulesFrom, use } from './support.js';

const compileAll = (expressions: readonly Expression[]) =>
  compile(ruleset(...expressions.map((one, at) => rule(`r${at}`, one))));
const exact = (name: string, bytes: string) => match(name, { kind: 'exact', bytes });
const infix = (text: string) =>
  ({ kind: 'wildcard', pattern: `*${text}*`, segments: [text], anchoredStart: false, anchoredEnd: false }) as const;
const regexp = (source: string) => ({ kind: 'regexp', source }) as const;
const numbered = (count: number, make: (at: number) => Expression) =>
  compileAll(Array.from({ length: count }, (_, at) => make(at)));
const member = (name: string, values: readonly bigint[]): Expression => ({
  node: 'member',
  term: { term: 'field', field: use(name) },
  values,
});
const codeOf = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    return error instanceof CompileError ? error.code : error;
  }
  return 'nothing thrown';
};
/** The rules that went to user space, and the reason of the first. */
const aside = ({ plan }: ReturnType<typeof compile>) => {
  const rules = plan.rules.filter(({ place }) => place === 'user-space');
  return { count: rules.length, why: rules[0]?.why ?? '' };
};

describe('limits', () => {
  test('have a name, a unit and a consequence, and stand in the list', () => {
    const declared = Object.values(limits).filter((value): value is limits.Limit => 'consequence' in value);
    expect(new Set(compilerLimits)).toEqual(new Set(declared));
    for (const { name, value, unit, consequence } of compilerLimits) {
      expect([name, unit, consequence].every((text) => text.length > 3) && value > 0).toBe(true);
    }
  });

  test('rules of an image', () => {
    const one = rule('r', exact('exec.comm', 'x'));
    const many = ruleset(...new Array<typeof one>(limits.rules.value + 1).fill(one));
    expect(codeOf(() => compile(many))).toBe('too-many-rules');
  });

  test('atoms of an image', () => {
    const compiled = numbered(3, (at) => ({
      node: 'or',
      operands: Array.from({ length: 6000 }, (_, i): Expression => member('exec.uid', [BigInt(at * 6000 + i)])),
    }));
    // Three such rules are too many atoms; each alone would fit, but is too long a program as well.
    expect(aside(compiled).count).toBe(3);
    const fits = numbered(limits.atoms.value - 1, (at) => member('exec.uid', [BigInt(at)]));
    expect(aside(fits).count).toBe(0);
    const full = numbered(limits.atoms.value - 64, (at) =>
      member(at === 0 ? 'exec.file.uid' : 'exec.uid', [BigInt(at)]),
    );
    expect(aside(full).count).toBe(0);
    const over = compileAll([
      ...Array.from({ length: limits.atoms.value - 10 }, (_, at) => member('exec.uid', [BigInt(at)])),
      member('exec.file.uid', [0n]),
    ]);
    expect(aside(over)).toMatchObject({ count: 1 });
    expect(aside(over).why).toMatch('no room for more tests');
  });

  test('tests of cgroups and containers', () => {
    const some = (count: number, last: string) =>
      compileAll([
        ...Array.from({ length: count - 1 }, (_, at) => exact(at % 2 ? 'container.id' : 'cgroup.id', `${at}`)),
        { node: 'and', operands: [exact('exec.file.name', 'x'), exact(last, 'last')] },
      ]);
    expect(aside(some(limits.cgroupAtoms.value, 'container.id')).count).toBe(0);
    const over = some(limits.cgroupAtoms.value + 1, 'container.id');
    expect(aside(over)).toMatchObject({ count: 1 });
    expect(aside(over).why).toMatch('tests of cgroups and containers already');
    // The other tests of the rule go on to be made.
    expect(over.plan.rules.at(-1)!.prefilter).toBe(true);
    expect(aside(some(limits.cgroupAtoms.value + 1, 'exec.comm')).count).toBe(0);
  });

  test('conditions on parents and ancestors', () => {
    const some = (count: number, last: string) =>
      compileAll([
        ...Array.from({ length: count - 1 }, (_, at) =>
          exact(at % 2 ? 'process.parent.file.name' : 'process.ancestors.file.name', `${at}`),
        ),
        { node: 'and', operands: [exact('exec.file.name', 'x'), exact(last, '0')] },
      ]);
    expect(aside(some(limits.lineageBits.value + 1, 'process.parent.file.name')).count).toBe(0);
    const over = some(limits.lineageBits.value + 1, 'process.parent.argv');
    expect(aside(over)).toMatchObject({ count: 1 });
    expect(aside(over).why).toMatch('conditions on parents and ancestors already');
    expect(over.plan.rules.at(-1)!.prefilter).toBe(true);
    expect(over.lineage).toHaveLength(limits.lineageBits.value);
  });

  test('cases of a rule about one same ancestor', () => {
    const either = (at: number) => `(process.ancestors[A].argv == "${at}" || exec.argv == "${at}")`;
    const rules = (count: number) =>
      compile(rulesFrom({ one: Array.from({ length: count }, (_, at) => either(at)).join(' && ') }));
    expect(aside(rules(6)).count).toBe(0);
    expect(aside(rules(7)).why).toMatch(`more than ${limits.ancestorCases.value} cases`);
  });

  test('a condition on a parent that is no boolean program', () => {
    const wide: Expression = {
      node: 'some',
      register: 'A',
      iterator: 'process.ancestors',
      body: {
        node: 'and',
        operands: Array.from({ length: limits.programSteps.value }, (_, at): Expression => {
          const field = { ...use('process.ancestors.file.uid'), register: 'A' };
          return { node: 'member', term: { term: 'field', field }, values: [BigInt(at)] };
        }),
      },
    };
    const { plan, lineage } = compileAll([{ node: 'and', operands: [exact('exec.comm', 'x'), wide] }]);
    expect(plan.rules[0]).toMatchObject({ place: 'user-space', prefilter: true });
    expect(plan.rules[0]!.why).toMatch('boolean program');
    expect(lineage).toEqual([]);
  });

  test('clauses of a rule: beyond them a program', () => {
    const pairs = Array.from(
      { length: 7 },
      (_, at): Expression => ({
        node: 'or',
        operands: [member('exec.uid', [BigInt(at)]), member('exec.pid', [BigInt(at)])],
      }),
    );
    const compiled = compileAll([{ node: 'and', operands: pairs }]);
    expect(aside(compiled).count).toBe(0);
    expect(compiled.image.length).toBeGreaterThan(0);
  });

  test('steps of a program', () => {
    const long = (count: number): Expression => ({
      node: 'or',
      operands: Array.from({ length: count }, (_, at) => member('exec.uid', [BigInt(at)])),
    });
    expect(aside(compileAll([long(limits.programSteps.value / 2)])).count).toBe(0);
    const over = aside(compileAll([long(limits.programSteps.value / 2 + 1)]));
    expect(over.why).toMatch('more than 4096 steps');
  });

  test('steps of all programs', () => {
    const long = (from: number): Expression => ({
      node: 'or',
      operands: Array.from({ length: 2000 }, (_, at) => member('exec.uid', [BigInt((from + at) % 4000)])),
    });
    const count = Math.floor(limits.imageSteps.value / 3999);
    expect(aside(numbered(count, long)).count).toBe(0);
    const over = aside(numbered(count + 1, long));
    expect(over.count).toBe(1);
    expect(over.why).toMatch('steps already');
  });

  test('clauses without a positive test', () => {
    const compiled = numbered(limits.alwaysClauses.value + 2, (at) => ({
      node: 'not',
      operand: exact('exec.comm', `x${at}`),
    }));
    expect(aside(compiled).count).toBe(2);
    expect(aside(compiled).why).toMatch('without a positive test already');
  });

  test('clauses of an image', () => {
    const rulesNeeded = limits.clauses.value / limits.clausesPerRule.value + 1;
    const compiled = numbered(rulesNeeded, (at) => ({
      node: 'or',
      operands: Array.from({ length: limits.clausesPerRule.value }, (_, i) =>
        member('exec.uid', [BigInt((at * 8 + i) % 10_000)]),
      ),
    }));
    expect(aside(compiled).count).toBe(1);
    expect(aside(compiled).why).toMatch('clauses already');
  });

  test('patterns of several pieces: further ones become automata of another kind', () => {
    const wildcard = (at: number) =>
      match('exec.args', {
        kind: 'wildcard',
        pattern: `a${at}*b${at}`,
        segments: [`a${at}`, `b${at}`],
        anchoredStart: true,
        anchoredEnd: true,
      });
    const { plan, image } = numbered(limits.segmentPatterns.value + 3, wildcard);
    expect(plan.rules.every(({ place }) => place === 'kernel-before-exec')).toBe(true);
    expect(new ImageReader(image).segmentPatterns).toBe(limits.segmentPatterns.value);
    expect(plan.passes[0]!.automata.reduce((sum, { patterns }) => sum + patterns, 0)).toBe(
      limits.segmentPatterns.value + 3,
    );
  });

  test('pieces of a pattern', () => {
    const segments = Array.from({ length: limits.segmentsPerPattern.value + 1 }, (_, at) => `${at}`);
    const pattern = `*${segments.join('*')}*`;
    const { plan } = compileAll([
      match('exec.args', { kind: 'wildcard', pattern, segments, anchoredStart: false, anchoredEnd: false }),
    ]);
    expect(plan.passes[0]!.automata.map(({ kind }) => kind)).toEqual(['patterns']);
  });

  test('automata that are walked in one pass', () => {
    // Words of the arguments, and an expression that counts to 90 beside them: a state for each pair of both.
    const words = Array.from({ length: 60 }, (_, at) => match('exec.args', infix(`${at}word${at}`)));
    const counts = match('exec.argv', regexp('[0-9a-z]{90}'));
    const few = compileAll([words[0]!, counts]).plan.passes[0]!.automata;
    expect(few.map(({ kind }) => kind)).toEqual(['words and patterns']);
    const many = compileAll([...words, counts]).plan.passes[0]!.automata;
    expect(many.map(({ kind }) => kind)).toEqual(['words of the joined arguments', 'patterns']);
    for (const { bytes } of [...few, ...many]) expect(bytes).toBeLessThanOrEqual(limits.joinedBytes.value);
  });

  test('length of a string', () => {
    expect(aside(compileAll([exact('exec.args', 'x'.repeat(limits.wordLength.value))])).count).toBe(0);
    expect(aside(compileAll([exact('exec.args', 'x'.repeat(limits.wordLength.value + 1))])).why).toMatch(
      'longer than 65000 bytes',
    );
  });

  test('states of one regular expression', () => {
    const { why } = aside(compile(rulesFrom({ a: 'exec.args =~ r"a(a|b){14}c"' })));
    expect(why).toMatch('more than 4096 states');
  });

  test('states of a group and passes of a stream', () => {
    // Each remembers where its letter stood in the last ten: 2^10 states, and 3^10 for two of them.
    const letters = [...'abcdefghi'];
    const compiled = numbered(letters.length, (at) =>
      match('exec.args', { kind: 'regexp', source: `${letters[at]}[a-z]{9}${at}` }),
    );
    const { automata } = compiled.plan.passes[0]!;
    expect(automata).toHaveLength(limits.passesPerStream.value);
    for (const { states } of automata) expect(states).toBeLessThanOrEqual(limits.groupStates.value);
    const { count, why } = aside(compiled);
    expect(count).toBe(1);
    expect(why).toMatch('more than 8 passes');
  });

  test('work for patterns', () => {
    const test = textTest(
      { kind: 'text', role: 'process', stream: 'args', reading: 'joined', settled: 'before-exec' },
      [{ kind: 'regexp', source: 'a[0-9]+b' }],
    );
    const rejected = (transitions: number) =>
      buildStreams([test], () => 0, new OutputLists(), new Patterns(new Work(transitions))).rejected.get(test);
    expect(rejected(limits.patternWork.value)).toBeUndefined();
    expect(rejected(10)).toMatch('too much work');
  });

  test('integer tables', () => {
    const compiled = numbered(
      limits.integerTables.value + 1,
      (at): Expression => ({
        node: 'compare',
        operator: '==',
        left: {
          term: 'binary',
          operator: '&',
          left: { term: 'field', field: use('exec.uid') },
          right: { term: 'integer', value: BigInt(at + 1) },
        },
        right: { term: 'integer', value: 1n },
      }),
    );
    expect(aside(compiled).count).toBe(1);
    expect(aside(compiled).why).toMatch('more than 256 different integers');
  });

  test('constants of an integer', () => {
    const values = (count: number) => Array.from({ length: count }, (_, at) => BigInt(at));
    expect(aside(compileAll([member('exec.uid', values(limits.integerPoints.value))])).count).toBe(0);
    const over = aside(
      compileAll([member('exec.uid', values(limits.integerPoints.value + 1)), member('exec.pid', [1n])]),
    );
    expect(over).toMatchObject({ count: 1 });
    expect(over.why).toMatch('constants');
  });

  test('tests that one byte decides', () => {
    const suffixes = (count: number) =>
      numbered(count, (at) => {
        const segment = 'x'.repeat(at + 1);
        return match('exec.comm', {
          kind: 'wildcard',
          pattern: `*${segment}`,
          segments: [segment],
          anchoredStart: false,
          anchoredEnd: true,
        });
      });
    expect(codeOf(() => suffixes(limits.outputsPerState.value + 1))).toBe('too-many-outputs');
  });

  test('bytes of an image', () => {
    const long = (at: number) =>
      exact('exec.args', `${at}-${'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(100)}-${at}`);
    expect(codeOf(() => numbered(400, long))).toBe('image-too-large');
    // Each automaton fits, but not all of them.
    const streams = ['exec.args', 'exec.argv0', 'exec.comm', 'exec.file.name'];
    const several = streams.flatMap((name) =>
      Array.from({ length: 20 }, (_, at) =>
        exact(name, `${name}${at}-${'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(180)}-${at}`),
      ),
    );
    expect(codeOf(() => compileAll(several))).toBe('image-too-large');
  });
});
