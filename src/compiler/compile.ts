/**
 * A ruleset to its policy image. What does not fit is found only by trying: then the tests or rules in question are put aside,
 * and all is done again without them. Each round puts something aside, so the rounds end.
 */
import { createHash } from 'node:crypto';
import type { Rule, Ruleset } from '../policy/ruleset.js';
import { type Event, type Expression, evaluateViews, matches, type Truth } from '../secl/index.js';
import { OutputLists } from './automata/outputs.js';
import { type Clause, literalNumber } from './clauses.js';
import type { CompiledRule } from './compiled-rule.js';
import { CompileError } from './errors.js';
import { relatives } from './fields.js';
import { eachTest } from './formula.js';
import { event, header, LITERAL_NOT, ruleFlag } from './image/layout.js';
import { type ImageClause, type ImageContent, writeImage } from './image/writer.js';
import { buildIntegers, type Integers } from './integers.js';
import { rules as ruleLimit } from './limits.js';
import { lower } from './lower.js';
import { AtomBudget, atomSources, type Numbering, numberTests } from './numbering.js';
import { type Plan, planOf } from './plan.js';
import { everyExec, type Shape, Shaper } from './shape.js';
import { buildStreams, Patterns, type Streams } from './streams.js';
import { holds, type IntegerTest, lineageKey, type Test, type TextTest } from './tests.js';
import { triggerOf } from './triggers.js';

export interface CompileOptions {
  /** What an enforcing rule does at an exec when a fact it needs could not be read. Default: `report`. */
  readonly onUnknown?: 'report' | 'enforce';
}

export interface Compiled {
  readonly image: Uint8Array;
  /** SHA-256 of the image, hexadecimal. */
  readonly hash: string;
  /** The exec rules, by their number in the image. */
  readonly rules: readonly CompiledRule[];
  readonly plan: Plan;
  /** Bit set over enum pc_source: what some rule reads. */
  readonly sources: bigint;
  /** By lineage bit. */
  readonly lineage: readonly LineageCondition[];
}

/** A lineage bit: a condition on one program, which the kernel decides when the program is executed and keeps for what it starts. */
export interface LineageCondition {
  /** What it says of the program, in terms of `process.*`. */
  readonly expression: Expression;
  /**
   * Decides it in user space, on the views of the exec of any program: for processes that were executed under another image. True if it
   * is in some view.
   */
  holds(views: readonly Event[]): Truth;
}

/** Compiles the exec rules of a ruleset. Throws a CompileError when there can be no image at all. */
export function compile(ruleset: Ruleset, { onUnknown = 'report' }: CompileOptions = {}): Compiled {
  const execRules = ruleset.rules.filter(({ event }) => event === 'exec');
  if (execRules.length > ruleLimit.value) {
    throw new CompileError(
      'too-many-rules',
      `There are ${execRules.length} exec rules; an image holds ${ruleLimit.value}.`,
    );
  }
  const aside: Aside = { tests: new Map(), rules: new Map() };
  const patterns = new Patterns();
  let round = attempt(execRules, aside, patterns);
  while (round.kind === 'again') round = attempt(execRules, aside, patterns);
  const { rules, shapes, programs, numbering, lists, streams, integers } = round;

  const content: ImageContent = {
    automata: streams.automata,
    lists,
    segmentPatterns: streams.patterns,
    fileWords: numbering.fileWords,
    interpreterWords: numbering.interpreterWords,
    cgroupWord: numbering.cgroupWord,
    cgroupWords: numbering.cgroupWords,
    lineageWord: numbering.lineageWord,
    lineageWords: numbering.lineageWords,
    atomWords: numbering.atomWords,
    atomSources: atomSources(numbering),
    integers: integers.tables,
    ...orderClauses(shapes, numbering),
    programs: shapes.flatMap((shape, rule) => (shape.kind === 'program' ? [{ rule, steps: shape.steps }] : [])),
    lineage: programs,
    rules: rules.map((rule) => imageRule(rule, onUnknown)),
    absentInterpreter: absentInterpreter(numbering, lists),
    events: wantedEvents(ruleset, numbering),
  };
  const image = writeImage(content);
  return {
    image,
    hash: createHash('sha256').update(image).digest('hex'),
    rules,
    plan: planOf(ruleset, rules, streams.automata, {
      conditions: numbering.conditions.length,
      bytes: image.length,
    }),
    sources: new DataView(image.buffer).getBigUint64(header.sources, true),
    lineage: numbering.conditions.map(({ expression }) => ({
      expression,
      // No condition that the kernel decides depends on the time.
      holds: (views) => evaluateViews(expression, views, { now: 0n }),
    })),
  };
}

/**
 * A rule about the end of a process is decided in user space, which has to know what the process was: its exec. And whoever puts another
 * image in force needs the programs of all processes, to decide its lineage bits for them.
 */
function wantedEvents(ruleset: Ruleset, { conditions }: Numbering): number {
  const ends = ruleset.rules.some((rule) => rule.event === 'exit');
  return (ends ? event.exit | event.exec : 0) | (conditions.length > 0 ? event.exec : 0);
}

/** What did not fit, with the reason: tests by key, rules by number. */
interface Aside {
  readonly tests: Map<string, string>;
  readonly rules: Map<number, string>;
}

interface Fitting {
  readonly kind: 'fits';
  readonly rules: readonly CompiledRule[];
  readonly shapes: readonly Shape[];
  /** Of the lineage bits. */
  readonly programs: readonly (readonly number[])[];
  readonly numbering: Numbering;
  readonly lists: OutputLists;
  readonly streams: Streams;
  readonly integers: Integers;
}

/** One round: all but what was put aside. What does not fit is added to it. */
function attempt(execRules: readonly Rule[], aside: Aside, patterns: Patterns): Fitting | { readonly kind: 'again' } {
  const before = aside.tests.size + aside.rules.size;
  const budget = new AtomBudget();
  const used = new Map<string, Test>();
  const rules = execRules.map((rule, index): CompiledRule => {
    const compiled = lowerRule(rule, aside, index);
    const tests = new Map<string, Test>();
    eachTest(compiled.formula, (test) => tests.set(test.key, test));
    const taken = budget.take(tests.values());
    switch (taken.taken) {
      case 'all':
        break;
      case 'none':
        aside.rules.set(index, taken.reason);
        return lowerRule(rule, aside, index);
      case 'without':
        for (const { key } of taken.tests) aside.tests.set(key, taken.reason);
        return compiled;
    }
    for (const [key, test] of tests) used.set(key, test);
    return compiled;
  });

  if (aside.tests.size + aside.rules.size > before) return { kind: 'again' };

  const numbering = numberTests(used.values());
  const atom = (test: Test) => numbering.numbers.get(test.key)!;
  const shaper = new Shaper(({ test, sign }) => literalNumber(atom(test), sign));
  const shapes = rules.map(({ formula }, index): Shape => {
    const shape = shaper.shape(formula);
    if (typeof shape !== 'string') return shape;
    aside.rules.set(index, shape);
    return everyExec;
  });
  const programs = numbering.conditions.map(({ key, formula }) => {
    const steps = shaper.program(formula);
    if (typeof steps !== 'string') return steps;
    for (const of of relatives) aside.tests.set(lineageKey(of, key), steps);
    return [];
  });
  if (aside.tests.size + aside.rules.size > before) return { kind: 'again' };

  const lists = new OutputLists();
  const inOrder = numbering.tests.filter((test) => test !== undefined);
  const integers = buildIntegers(
    inOrder.filter((test): test is IntegerTest => test.kind === 'integer'),
    atom,
    lists,
  );
  const streams = buildStreams(
    inOrder.filter((test): test is TextTest => test.kind === 'text'),
    atom,
    lists,
    patterns,
  );
  for (const [test, reason] of [...integers.rejected, ...streams.rejected]) aside.tests.set(test.key, reason);
  if (aside.tests.size + aside.rules.size > before) return { kind: 'again' };
  return { kind: 'fits', rules, shapes, programs, numbering, lists, streams, integers };
}

function lowerRule(rule: Rule, aside: Aside, index: number): CompiledRule {
  const reason = aside.rules.get(index);
  if (reason !== undefined) {
    return { rule, decision: 'candidate', reasons: [reason], formula: { kind: 'constant', value: true } };
  }
  const { formula, reasons } = lower(rule.expression, aside.tests);
  return { rule, decision: reasons.length === 0 ? 'decided' : 'candidate', reasons, formula };
}

/** Clauses in the order of the image: first those that are always tried, then by trigger. */
function orderClauses(shapes: readonly Shape[], { tests }: Numbering): Pick<ImageContent, 'clauses' | 'always'> {
  const known = tests as readonly Test[];
  const weights = new Map<Test, number>();
  const always: ImageClause[] = [];
  const triggered: (ImageClause & { readonly trigger: number })[] = [];
  shapes.forEach((shape, rule) => {
    if (shape.kind !== 'clauses') return;
    for (const clause of shape.clauses) {
      const trigger = triggerOf(clause, known, weights);
      const literals = clause.map(imageLiteral);
      if (trigger === undefined) always.push({ rule, literals });
      else triggered.push({ rule, literals, trigger });
    }
  });
  // Stable: clauses of one trigger stay in the order of their rules.
  triggered.sort((a, b) => a.trigger - b.trigger);
  return { clauses: [...always, ...triggered], always: always.length };
}

function imageLiteral(literal: Clause[number]): number {
  return (literal >> 1) | (literal % 2 === 1 ? LITERAL_NOT : 0);
}

/** Flags and signal. A candidate has none but its own: user space decides what is done. */
function imageRule(
  { rule, decision }: CompiledRule,
  onUnknown: 'report' | 'enforce',
): { readonly flags: number; readonly signal: number } {
  if (decision === 'candidate') return { flags: ruleFlag.candidate, signal: 0 };
  const deny = rule.actions.some((action) => action.action === 'deny' && action.filter === undefined);
  const kill = rule.actions.find((action) => action.action === 'kill' && action.filter === undefined);
  let flags = (deny ? ruleFlag.deny : 0) | (kill ? ruleFlag.kill : 0);
  if (flags !== 0 && rule.mode === 'enforce') {
    flags |= ruleFlag.enforce | (onUnknown === 'enforce' ? ruleFlag.unknownEnforce : 0);
  }
  return { flags, signal: kill?.action === 'kill' ? kill.signalNumber : 0 };
}

/** Without an interpreter its strings are empty and its numbers zero. */
function absentInterpreter({ tests }: Numbering, lists: OutputLists): number {
  return lists.intern(
    tests.flatMap((test, atom) => {
      if (test?.role !== 'interpreter') return [];
      const holdsWithout =
        test.kind === 'integer' ? holds(test.relation, 0n) : test.matchers.some((matcher) => matches(matcher, ''));
      return holdsWithout ? [{ kind: 'atom', atom } as const] : [];
    }),
  );
}
