/** One ruleset and one exec through the three engines, and where they differ. */

import { ruleFlag } from '../../src/compiler/image/layout.js';
import { ImageReader } from '../../src/compiler/image/reader.js';
import { type Compiled, compile, type Interpretation, interpret } from '../../src/compiler/index.js';
import { loadPolicies } from '../../src/policy/index.js';
import { type Event, evaluateViews, type Truth } from '../../src/secl/index.js';
import type { KernelDecision, KernelMatcher } from '../kernel/matcher.js';
import type { Execution } from './execution.js';
import { forEvaluator, forInterpreter, forKernel } from './render.js';
import { policyOf, type RandomRuleset } from './rules.js';

export interface Prepared {
  readonly ruleset: RandomRuleset;
  readonly compiled: Compiled;
  readonly image: ImageReader;
}

/** Loads and compiles, through everything that a policy file goes through. */
export function prepare(ruleset: RandomRuleset): Prepared {
  const loaded = loadPolicies([{ file: 'random.policy', text: policyOf(ruleset) }]);
  const errors = loaded.diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0)
    throw new Error(`the policy does not load: ${errors.map(({ message }) => message).join('; ')}`);
  const compiled = compile(loaded, { onUnknown: ruleset.onUnknown });
  return { ruleset, compiled, image: new ImageReader(compiled.image) };
}

export interface Disagreement {
  /** The rule by its number, when it is about one. */
  readonly rule?: number;
  /** What each engine says. */
  readonly answers: Readonly<Record<string, string>>;
}

export interface Outcome {
  /** By rule, what the evaluator says. */
  readonly truths: readonly Truth[];
  readonly disagreement?: Disagreement;
}

/** Context of evaluation: nothing here depends on the time. */
const context = { now: 0n };

/** Runs the exec. Without a matcher only the evaluator and the interpreter are compared. */
export function run(prepared: Prepared, execution: Execution, matcher?: KernelMatcher): Outcome {
  const { compiled, image } = prepared;
  const interpreted = interpret(image, forInterpreter(execution));
  return compared(
    prepared,
    forEvaluator(execution),
    interpreted,
    matcher?.decide(compiled.image, forKernel(execution)),
  );
}

/** The rules on an exec as the evaluator sees it, and what the other engines have found. */
export function compared(
  { compiled, image }: Pick<Prepared, 'compiled' | 'image'>,
  views: readonly Event[],
  interpreted: Interpretation,
  kernel: KernelDecision | undefined,
): Outcome {
  const truths = compiled.rules.map(({ rule }) => evaluateViews(rule.expression, views, context));
  const disagreement =
    ruleDisagreement(compiled, truths, interpreted, kernel) ??
    (kernel && (viewDisagreement(compiled, interpreted, kernel) ?? actDisagreement(image, interpreted, kernel)));
  return { truths, ...(disagreement && { disagreement }) };
}

function ruleDisagreement(
  { rules }: Compiled,
  truths: readonly Truth[],
  interpreted: Interpretation,
  kernel: KernelDecision | undefined,
): Disagreement | undefined {
  for (const [rule, { decision }] of rules.entries()) {
    const evaluator = truths[rule]!;
    const interpreter = truthIn(interpreted, rule);
    const inKernel = kernel && truthIn(kernel, rule);
    const agree =
      (inKernel === undefined || inKernel === interpreter) &&
      (decision === 'decided' ? evaluator === interpreter : isAtLeast(interpreter, evaluator));
    if (agree) continue;
    return { rule, answers: shown({ decision, evaluator, interpreter, ...(kernel && { kernel: inKernel }) }) };
  }
  return undefined;
}

function truthIn(
  decision: { readonly true: readonly number[]; readonly unknown: readonly number[] },
  rule: number,
): Truth {
  return decision.true.includes(rule) || (decision.unknown.includes(rule) ? 'unknown' : false);
}

/** A candidate takes what it cannot decide for true: its answer is never below the rule's. */
function isAtLeast(candidate: Truth, rule: Truth): boolean {
  const height = (truth: Truth) => [false, 'unknown' as const, true].indexOf(truth);
  return height(candidate) >= height(rule);
}

/** Atoms and known sources of the last view, which is where a difference begins. */
function viewDisagreement(
  { sources }: Compiled,
  { views }: Interpretation,
  kernel: KernelDecision,
): Disagreement | undefined {
  const last = views[views.length - 1]!;
  const atoms = [...last.atoms].sort((a, b) => a - b).join();
  if (atoms !== kernel.atoms.join())
    return { answers: { interpreter: `atoms ${atoms}`, kernel: `atoms ${kernel.atoms}` } };
  const known = [last.known & sources, kernel.known & sources].map((mask) => mask.toString(16));
  if (known[0] === known[1]) return undefined;
  return { answers: { interpreter: `known ${known[0]}`, kernel: `known ${known[1]}` } };
}

/** What the kernel would do about it. */
function actDisagreement(
  image: ImageReader,
  { true: holding, acting }: Interpretation,
  { wants, signal }: KernelDecision,
): Disagreement | undefined {
  const denying = acting.filter((rule) => (image.rules[rule]!.flags & ruleFlag.deny) !== 0);
  const killing = acting.filter((rule) => !denying.includes(rule));
  const signals = killing.map((rule) => image.rules[rule]!.signal);
  const expected = {
    deny: denying.length > 0,
    kill: killing.length > 0,
    report: holding.length > 0,
    // SIGKILL wins; between others the kernel is free.
    signal: denying.length > 0 || signals.includes(9) ? [9] : signals.length > 0 ? signals : [0],
  };
  const agree =
    expected.deny === wants.has('deny') &&
    expected.kill === wants.has('kill') &&
    expected.report === wants.has('report') &&
    expected.signal.includes(signal);
  return agree ? undefined : { answers: shown({ interpreter: expected, kernel: { wants: [...wants], signal } }) };
}

function shown(answers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, JSON.stringify(answer)]));
}
