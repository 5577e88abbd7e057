/** Random rules about parents and ancestors. The tests are those of execs, with the name of a relative in front. */
import type { Execution } from './execution.js';
import type { Random } from './random.js';
import { type Formula, textOf } from './rules.js';
import { isValid, randomTest, type SeclTest } from './tests.js';

export const subjects = ['itself', 'parent', 'ancestors', 'one ancestor', 'undecided'] as const;
export type Subject = (typeof subjects)[number];

export interface LineageRule {
  readonly formula: Formula;
  readonly action: 'deny' | 'none';
}

const prefixes: Record<Exclude<Subject, 'undecided'>, string> = {
  itself: 'exec',
  parent: 'process.parent',
  ancestors: 'process.ancestors',
  'one ancestor': 'process.ancestors[A]',
};

/** What the kernel leaves to user space. */
const undecided = [
  'process.parent.uid == 0',
  'process.parent.comm != "a"',
  'process.ancestors.uid == 0',
  'process.ancestors.container.id == ""',
  'process.ancestors.file.name == process.file.name',
];
const undecidedOfOne = [
  'process.ancestors[A].uid == 0',
  'process.ancestors[A].uid == process.uid',
  'process.ancestors[A].pid != 1',
];

/** What an exec fixes. */
const kept = /^(?:file\.|interpreter\.file\.|arg|envs$|tty_name$)/;

/** `programs`: those whose strings the tests are made of. */
export function randomLineageRules(random: Random, programs: readonly Execution[]): LineageRule[] {
  return random.list(random.between(4, 8), () => {
    const register = random.chance(0.5);
    const leaf = () => randomLeaf(random, register, programs);
    const formula = random.chance(0.5)
      ? randomFormula(random, 1, leaf)
      : randomFormula(random, random.between(2, 3), leaf);
    return { formula, action: random.pick(['deny', 'none']) };
  });
}

/** Which kinds of tests stand in a rule. */
export function subjectsOf({ formula }: LineageRule): ReadonlySet<Subject> {
  const text = textOf(formula);
  const found = subjects.filter((subject) => subject !== 'undecided' && text.includes(`${prefixes[subject]}.`));
  return new Set([
    ...found,
    ...([...undecided, ...undecidedOfOne].some((one) => text.includes(one)) ? (['undecided'] as const) : []),
  ]);
}

function randomFormula(random: Random, depth: number, leaf: () => Formula): Formula {
  if (depth === 0) return leaf();
  const operands = random.list(random.between(1, 3), () => randomFormula(random, depth - 1, leaf));
  const formula: Formula = operands.length === 1 ? operands[0]! : { kind: random.pick(['and', 'or']), operands };
  return random.chance(0.2) ? { kind: 'not', operand: formula } : formula;
}

function randomLeaf(random: Random, register: boolean, programs: readonly Execution[]): Formula {
  const subject = random.weighted<Subject>([
    [2, 'itself'],
    [4, 'parent'],
    [4, 'ancestors'],
    [register ? 8 : 0, 'one ancestor'],
    [1, 'undecided'],
  ]);
  if (subject === 'undecided') {
    const text = random.pick(register ? undecidedOfOne : undecided);
    return { kind: 'test', test: { text, field: 'undecided', construct: 'undecided' } };
  }
  return { kind: 'test', test: aboutRelative(random, subject, random.pick(programs)) };
}

function aboutRelative(random: Random, subject: Exclude<Subject, 'undecided'>, program: Execution): SeclTest {
  for (;;) {
    const test = randomTest(random, program);
    if (!kept.test(test.field)) continue;
    const own = new RegExp(`\\b(?:exec|process)\\.${test.field.replaceAll('.', '\\.')}\\b`);
    const text = test.text.replace(own, `${prefixes[subject]}.${test.field}`);
    // A list is not computed with.
    if (isValid(text)) return { ...test, text };
  }
}
