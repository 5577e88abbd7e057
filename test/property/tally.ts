/** Counts how often each construct was drawn and matched, so that a test that has stopped trying something fails. */
import type { ImageReader } from '../../src/compiler/image/reader.js';
import type { CompiledRule } from '../../src/compiler/index.js';
import { compileExpression, type Expression, evaluateViews } from '../../src/secl/index.js';
import { blockOf, type Execution, recordBytes } from './execution.js';
import { forEvaluator } from './render.js';
import { type RandomRuleset, testsOf } from './rules.js';
import { constructs, fields, type SeclTest } from './tests.js';

export interface Count {
  drawn: number;
  matched: number;
}

const scope = { macros: new Map(), variables: new Map() };

export class Tally {
  readonly #counts = new Map<string, Count>();

  constructor() {
    for (const name of constructs) this.#counts.set(`construct ${name}`, { drawn: 0, matched: 0 });
    for (const name of fields) this.#counts.set(`field ${name}`, { drawn: 0, matched: 0 });
    for (const [name] of circumstances) this.#counts.set(`exec ${name}`, { drawn: 0, matched: 0 });
  }

  /** A ruleset with the execs it was tried on; a test has matched when it alone is true of one of them. */
  add(ruleset: RandomRuleset, executions: readonly Execution[]): void {
    const events = executions.map(forEvaluator);
    const rules = ruleset.rules.filter(({ shape }) => shape !== 'one test');
    for (const test of rules.flatMap(({ formula }) => testsOf(formula))) {
      const { expression } = compileExpression(test.text, scope);
      const matched = events.filter((views) => evaluateViews(expression, views, { now: 0n }) === true).length;
      for (const name of namesOf(test, expression)) this.count(name, { drawn: 1, matched });
    }
    for (const { shape } of ruleset.rules) this.count(`rule ${shape}`, { drawn: 1, matched: 0 });
    for (const execution of executions) {
      for (const [name, holds] of circumstances)
        if (holds(execution)) this.count(`exec ${name}`, { drawn: 1, matched: 0 });
    }
  }

  /** What became of the rules: which are decided how. */
  addCompiled(rules: readonly CompiledRule[], image: ImageReader): void {
    const programs = new Set(image.programs.map(({ rule }) => rule));
    rules.forEach(({ decision }, rule) => {
      const name = decision === 'candidate' ? 'a candidate' : programs.has(rule) ? 'a boolean program' : 'clauses';
      this.count(`compiled to ${name}`, { drawn: 1, matched: 0 });
    });
  }

  count(name: string, { drawn, matched }: Count): void {
    const count = this.#counts.get(name) ?? { drawn: 0, matched: 0 };
    this.#counts.set(name, { drawn: count.drawn + drawn, matched: count.matched + matched });
  }

  /** What was drawn fewer times than this, or, being a test, matched fewer times. */
  below(least: number): string[] {
    return [...this.#counts].flatMap(([name, { drawn, matched }]) => {
      const isTest = name.startsWith('construct ') || name.startsWith('field ');
      return drawn < least || (isTest && matched < least) ? [`${name}: drawn ${drawn}, matched ${matched}`] : [];
    });
  }

  table(): string {
    return [...this.#counts]
      .map(
        ([name, { drawn, matched }]) => `${name.padEnd(40)}${String(drawn).padStart(8)}${String(matched).padStart(8)}`,
      )
      .join('\n');
  }
}

function namesOf({ field, construct }: SeclTest, expression: Expression): string[] {
  return [
    `construct ${construct}`,
    ...(field === 'undecided' ? [] : [`field ${field}`]),
    ...(expression.node === 'not' ? ['construct negated comparison'] : []),
  ];
}

const cutAt = ({ block }: Execution): number | undefined => (typeof block === 'number' ? block : undefined);
const argvBytes = ({ argv }: Execution) => blockOf({ argv, envs: [] }).length;
const allText = ({ argv, envs, levels }: Execution) =>
  [...argv, ...envs, ...levels.flatMap(({ path, name }) => [path.bytes, name.bytes])].join('');

/** What an exec can be like; each must come up. */
const circumstances: readonly (readonly [name: string, holds: (execution: Execution) => boolean])[] = [
  ['of a program', ({ levels, last }) => levels.length === 1 && last === 'program'],
  ['of a script', ({ levels, last }) => levels.length > 1 && last === 'program'],
  ['of a script whose interpreter is not known', ({ last }) => last === 'unfinished'],
  ['without argv', ({ argv }) => argv.length === 0],
  ['without arguments', ({ argv }) => argv.length === 1],
  ['with an empty argument', ({ argv }) => argv.slice(1).includes('')],
  ['without environment', ({ envs }) => envs.length === 0],
  ['with a block that was not read', ({ block }) => block === 'nothing'],
  ['cut inside argv[0]', (execution) => cutBetween(execution, 0, (execution.argv[0]?.length ?? -1) + 1)],
  [
    'cut in the arguments',
    (execution) => cutBetween(execution, (execution.argv[0]?.length ?? -1) + 1, argvBytes(execution)),
  ],
  ['cut in the environment', (execution) => cutBetween(execution, argvBytes(execution), blockOf(execution).length)],
  ['cut exactly behind a NUL', (execution) => blockOf(execution)[(cutAt(execution) ?? 0) - 1] === '\0'],
  ['with a block longer than one piece', (execution) => argvBytes(execution) > 8192],
  ['with a block longer than two pieces', (execution) => argvBytes(execution) > 12288],
  ['with arguments too long for a record', (execution) => argvBytes(execution) > recordBytes],
  ['with bytes that are not UTF-8', (execution) => !isUtf8(allText(execution))],
  ['with a path that was not read', ({ levels }) => levels.some(({ path }) => path.read === 'nothing')],
  ['with a path that was cut', ({ levels }) => levels.some(({ path }) => typeof path.read === 'number')],
  ['with a name that was cut', ({ levels }) => levels.some(({ name }) => typeof name.read === 'number')],
  ['with a command name that was cut', ({ comm }) => typeof comm.read === 'number'],
  ['with a terminal that was not read', ({ tty }) => tty.read === 'nothing'],
  ['in no container', ({ container }) => container.bytes === '' && container.read === 'all'],
  ['with a container that was not read', ({ container }) => container.read === 'nothing'],
  ['with a control group that was cut', ({ cgroup }) => typeof cgroup.read === 'number'],
  ['with an unknown uid', ({ facts }) => facts[0] === undefined],
];

function cutBetween(execution: Execution, first: number, end: number): boolean {
  const cut = cutAt(execution);
  return cut !== undefined && cut >= first && cut < end;
}

function isUtf8(bytes: string): boolean {
  const buffer = Buffer.from(bytes, 'latin1');
  return Buffer.from(buffer.toString('utf8'), 'utf8').equals(buffer);
}
