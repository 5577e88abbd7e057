/**
 * A history through the three engines. Interpreter and kernel have what a kernel has: lineage bits of each process, which a fork copies,
 * an exec computes and a swap decides anew. The evaluator has the whole tree.
 */
import { ImageReader } from '../../src/compiler/image/reader.js';
import { type Compiled, compile, interpret, type LineageBits } from '../../src/compiler/index.js';
import { anyOf, catalogue, type Event, type Field, type Truth, unknown } from '../../src/secl/index.js';
import { deny, rule, ruleset } from '../compiler/support.js';
import type { KernelMatcher } from '../kernel/matcher.js';
import { compared, type Disagreement } from './engines.js';
import type { Execution } from './execution.js';
import { firstMembers, type Member, type Step } from './family.js';
import type { LineageRule } from './relatives.js';
import { forEvaluator, forInterpreter, forKernel } from './render.js';
import { textOf } from './rules.js';

export interface History {
  readonly programs: readonly Execution[];
  readonly rulesets: readonly (readonly LineageRule[])[];
  readonly steps: readonly Step[];
}

/** One exec that was decided. */
export interface Decided {
  readonly member: Member;
  readonly rules: readonly LineageRule[];
  readonly truths: readonly Truth[];
}

export interface Failure {
  readonly at: number;
  readonly member: Member;
  readonly disagreement: Disagreement;
}

interface Process extends Member {
  /** Nothing: its bits are of no image, or of another. */
  readonly interpreter: LineageBits | undefined;
  readonly kernel: LineageBits | undefined;
}

interface InForce {
  readonly rules: readonly LineageRule[];
  readonly compiled: Compiled;
  readonly image: ImageReader;
}

/** The first exec on which the engines disagree. `decided`: is told of each one before. */
export function simulate(
  { programs, rulesets, steps }: History,
  matcher: KernelMatcher | undefined,
  decided: (exec: Decided) => void = () => {},
): Failure | undefined {
  const inForce = rulesets.map(prepare);
  let current = inForce[0]!;
  let processes: Process[] = firstMembers(programs[0]!).map((member) => rebuilt(member, current.compiled));
  for (const [at, step] of steps.entries()) {
    switch (step.step) {
      case 'swap': {
        current = inForce[step.ruleset % inForce.length]!;
        processes = processes.map((member, index) =>
          rebuilt(index < step.forgotten ? forgetful(member, step.remembered) : member, current.compiled),
        );
        break;
      }
      case 'fork':
        processes.push(processes[step.process % processes.length]!);
        break;
      case 'exit':
        if (processes.length > 1) processes.splice(step.process % processes.length, 1);
        break;
      case 'exec': {
        const number = step.process % processes.length;
        const execution = programs[step.program % programs.length]!;
        const { process, truths, disagreement } = executed(processes[number]!, execution, current, matcher);
        if (disagreement !== undefined) return { at, member: processes[number]!, disagreement };
        decided({ member: processes[number]!, rules: current.rules, truths });
        processes[number] = process;
      }
    }
  }
  return undefined;
}

export function prepare(rules: readonly LineageRule[]): InForce {
  const compiled = compile(
    ruleset(
      ...rules.map(({ formula, action }, at) =>
        rule(`rule_${at}`, textOf(formula), { actions: action === 'deny' ? [deny] : [] }),
      ),
    ),
  );
  return { rules, compiled, image: new ImageReader(compiled.image) };
}

function executed(
  before: Process,
  execution: Execution,
  { compiled, image }: InForce,
  matcher: KernelMatcher | undefined,
) {
  const own = forInterpreter(execution);
  const interpreted = interpret(image, { ...own, ...(before.interpreter && { lineage: before.interpreter }) });
  const kernel = matcher?.decide(compiled.image, {
    ...forKernel(execution),
    ...(before.kernel && { lineage: before.kernel }),
  });
  const { truths, disagreement } = compared({ compiled, image }, eventsOf(execution, before), interpreted, kernel);
  const after = kernel && inWords(kernel.after, image.lineageWords);
  const process: Process = {
    line: [execution, ...before.line],
    complete: before.complete,
    interpreter: interpreted.after,
    kernel: after,
  };
  const answers = { interpreter: shown(interpreted.after), kernel: shown(after ?? interpreted.after) };
  const differ = answers.interpreter !== answers.kernel ? { answers } : undefined;
  return { process, truths, disagreement: disagreement ?? differ };
}

/** Bits decided in user space, from the programs that are remembered. */
function rebuilt({ line, complete }: Member, { lineage }: Compiled): Process {
  const [parent, ...rest] = line.map(forEvaluator);
  if (parent === undefined) return { line, complete, interpreter: undefined, kernel: undefined };
  const bits = { parent: 0n, parentUnknown: 0n, ancestors: 0n, ancestorsUnknown: 0n };
  lineage.forEach(({ holds }, number) => {
    const bit = 1n << BigInt(number);
    const own = holds(parent);
    if (own === true) bits.parent |= bit;
    if (own === 'unknown') bits.parentUnknown |= bit;
    const others = rest.map(holds);
    if (others.includes(true)) bits.ancestors |= bit;
    else if (!complete || others.includes('unknown')) bits.ancestorsUnknown |= bit;
  });
  return { line, complete, interpreter: bits, kernel: bits };
}

function forgetful({ line, complete }: Member, remembered: number): Member {
  return { line: line.slice(0, remembered), complete: complete && line.length <= remembered };
}

/** The exec as somebody sees it who knows the whole line. */
function eventsOf(execution: Execution, { line, complete }: Member): Event[] {
  const [parent] = line;
  const ofParent = parent && forEvaluator(parent);
  const elements = line.flatMap(forEvaluator).map(
    (view): Event => ({
      get: (field) => view.get(ownField(field.element ?? '')),
      iterate: () => ({ elements: [], complete: true }),
    }),
  );
  return forEvaluator(execution).map((view) => ({
    get: (field) => {
      const [, fact] = /^process\.parent\.(.*)$/.exec(field.canonical) ?? [];
      if (fact === undefined) return view.get(field);
      return ofParent === undefined ? unknown : anyOf(ofParent.map((one) => one.get(ownField(fact))));
    },
    iterate: (iterator) =>
      iterator === 'process.ancestors' ? { elements, complete } : { elements: [], complete: true },
  }));
}

function ownField(fact: string): Field {
  const field = catalogue.find(`process.${fact}`);
  if (field === undefined) throw new Error(`no field process.${fact}`);
  return field;
}

/** The kernel has bits beyond those of the image. */
function inWords(bits: LineageBits, words: number): LineageBits {
  const all = (1n << BigInt(words * 64)) - 1n;
  const { parent, parentUnknown, ancestors, ancestorsUnknown } = bits;
  return {
    parent: parent & all,
    parentUnknown: parentUnknown & all,
    ancestors: ancestors & all,
    ancestorsUnknown: ancestorsUnknown & all,
  };
}

function shown(bits: LineageBits): string {
  return Object.entries(bits)
    .map(([name, value]) => `${name} ${value.toString(16)}`)
    .join(' ');
}
