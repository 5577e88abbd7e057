/** The image interpreter: decides an exec from the image alone, as the kernel does. Tests hold the two together. */
import { fact, fileFacts, LITERAL_NOT, ruleFlag, type StreamName, source, step, stream } from './image/layout.js';
import { ImageReader, type IntegerRecord } from './image/reader.js';
import { applyList, type Fed, type FedBlock, walk } from './image/walk.js';
import { regionFor } from './integers.js';
import { type LineageBits, lineageAtExec, setIn } from './lineage-bits.js';

export type { Fed, FedBlock } from './image/walk.js';
export type { LineageBits } from './lineage-bits.js';

/** Facts by number (enum pc_fact); one that is not there was not read. */
export type Facts = Readonly<Record<number, bigint | undefined>>;

/** A file on the way from the name given to exec to the program: a script, its interpreter, and so on. */
export interface Level {
  readonly path?: Fed;
  readonly name?: Fed;
  /** The file facts. */
  readonly facts: Facts;
}

/** What is known of an exec. A string that is not there was not read at all. */
export interface Execution {
  readonly stage: 'refuse' | 'kill';
  /** The file that was asked for, then the interpreter of each. */
  readonly levels: readonly Level[];
  /** Whether the last level is the program itself, or has an interpreter that is not known yet. */
  readonly last: 'program' | 'unfinished';
  readonly comm?: Fed;
  readonly argv0?: Fed;
  readonly tty?: Fed;
  readonly args?: FedBlock;
  readonly envs?: FedBlock;
  readonly cgroup?: Fed;
  readonly container?: Fed;
  readonly facts: Facts;
  /** Of the task, as it was before the exec; absent when nothing is known. */
  readonly lineage?: LineageBits;
}

/** One view: the atoms that are set, and the sources that were read to their end (a bit set over enum pc_source). */
export interface ViewResult {
  readonly atoms: ReadonlySet<number>;
  readonly known: bigint;
}

export interface Interpretation {
  /** Rules that hold in some view, ascending. */
  readonly true: readonly number[];
  /** Rules that are unknown in some view and hold in none, ascending. None at `refuse`, which asks only what holds. */
  readonly unknown: readonly number[];
  /** Of both, those by which the stage refuses or kills. */
  readonly acting: readonly number[];
  readonly views: readonly ViewResult[];
  /** Lineage bits of the program that is executed: those that are true, and those that are unknown. */
  readonly self: bigint;
  readonly selfUnknown: bigint;
  /** Of the task, once the exec has happened. */
  readonly after: LineageBits;
}

type Truth = true | false | 'unknown';

/** Decides an exec. The image must be a whole one, or an ImageError is thrown. */
export function interpret(image: Uint8Array | ImageReader, execution: Execution): Interpretation {
  const reader = image instanceof ImageReader ? image : new ImageReader(image);
  const views = viewsOf(reader, execution);
  const truths = views.map((view) => decide(reader, view));
  const all = reader.rules.map((_, rule): Truth => any(truths.map((truth) => truth[rule]!)));
  const [self, selfUnknown] = lineageOfProgram(reader, views);
  const { ancestors, ancestorsUnknown } = lineageAtExec(reader, execution.lineage);
  const rulesThatAre = (wanted: Truth) => all.flatMap((truth, rule) => (truth === wanted ? [rule] : []));
  return {
    true: rulesThatAre(true),
    unknown: execution.stage === 'refuse' ? [] : rulesThatAre('unknown'),
    acting: all.flatMap((truth, rule) => (acts(reader.rules[rule]!.flags, truth, execution.stage) ? [rule] : [])),
    views,
    self,
    selfUnknown,
    after: { parent: self, parentUnknown: selfUnknown, ancestors, ancestorsUnknown },
  };
}

/** A bit of a program is true if it is in some view, else unknown if it is in some. */
function lineageOfProgram(image: ImageReader, views: readonly ViewResult[]): [bigint, bigint] {
  let [self, unknown] = [0n, 0n];
  for (const { rule: number, steps } of image.lineage) {
    const truth = any(views.map((view) => run(steps, (atom) => atomTruth(image, view, atom))));
    if (truth === true) self |= bit(number);
    if (truth === 'unknown') unknown |= bit(number);
  }
  return [self, unknown];
}

function acts(flags: number, truth: Truth, stage: Execution['stage']): boolean {
  if ((flags & ruleFlag.enforce) === 0 || (flags & ruleFlag.candidate) !== 0) return false;
  if (stage === 'refuse') return truth === true && (flags & ruleFlag.deny) !== 0;
  return truth === true || (truth === 'unknown' && (flags & ruleFlag.unknownEnforce) !== 0);
}

/** Atoms of one level's file, in both roles; the views take the words of the role they need. */
function viewsOf(image: ImageReader, execution: Execution): ViewResult[] {
  const common = new Collector(image);
  const strings: readonly [StreamName, FedBlock | undefined][] = [
    ['comm', execution.comm],
    ['argv0', execution.argv0],
    ['tty', execution.tty],
    ['cgroup', execution.cgroup],
    ['container', execution.container],
    ['args', execution.args],
  ];
  for (const [name, fed] of strings) common.stream(name, fed);
  common.facts(execution.facts, (record) => record.fact < fileFacts);
  common.lineage(execution.lineage);

  const levels = execution.levels.map((level) => {
    const collector = new Collector(image);
    collector.stream('path', level.path);
    collector.stream('name', level.name);
    collector.facts(level.facts, (record) => record.fact >= fileFacts);
    return collector;
  });
  const isPlain = levels.length === 1 && execution.last === 'program';
  if (!isPlain || isEnvironmentWanted(image, levels[0]!)) common.stream('envs', execution.envs);
  else if (execution.args?.complete || execution.args?.none) common.known |= bit(source.stream + stream.envs);
  const absent = new Set<number>();
  applyList(image, image.absentInterpreter, (atom) => absent.add(atom));

  const fileAtoms = image.fileWords * 64;
  const roleAtoms = fileAtoms + image.interpreterWords * 64;
  return levels.map((file, index) => {
    const interpreter = levels[index + 1];
    const atoms = new Set(common.atoms);
    for (const atom of file.atoms) if (atom < fileAtoms) atoms.add(atom);
    let known = common.known | file.known;
    if (interpreter !== undefined) {
      for (const atom of interpreter.atoms) if (atom >= fileAtoms && atom < roleAtoms) atoms.add(atom);
      known |= asInterpreter(interpreter.known);
    } else if (execution.last === 'program') {
      for (const atom of absent) atoms.add(atom);
      known |= allOfInterpreter;
    }
    return { atoms, known };
  });
}

/** Whether what is in the environment of a plain program may matter. */
function isEnvironmentWanted(image: ImageReader, file: ViewResult): boolean {
  const mayHold = (literal: number) => literalTruth(image, file, literal) !== false;
  return image.environmentGuards.length === 0 || image.environmentGuards.some((guard) => guard.every(mayHold));
}

/** Sets atoms and notes which sources were read to their end. */
class Collector {
  readonly atoms = new Set<number>();
  known = 0n;

  constructor(private readonly image: ImageReader) {}

  stream(name: StreamName, fed: FedBlock | undefined): void {
    if (fed === undefined) return;
    walk(this.image, name, fed, (atom) => this.atoms.add(atom));
    if (fed.complete || fed.none) this.known |= bit(source.stream + stream[name]);
  }

  lineage(before: LineageBits | undefined): void {
    if (this.image.lineageWords === 0) return;
    const { parent, parentUnknown, ancestors, ancestorsUnknown } = lineageAtExec(this.image, before);
    [parent, parentUnknown, ancestors, ancestorsUnknown].forEach((bits, region) => {
      const first = (this.image.lineageWord + region * this.image.lineageWords) * 64;
      for (const number of setIn(bits)) this.atoms.add(first + number);
    });
    if (parentUnknown === 0n) this.known |= bit(source.parent);
    if (ancestorsUnknown === 0n) this.known |= bit(source.ancestors);
  }

  facts(facts: Facts, belongs: (record: IntegerRecord) => boolean): void {
    for (const number of Object.values(fact)) {
      if (facts[number] !== undefined) this.known |= bit(source.fact + number);
    }
    for (const record of this.image.integers) {
      const value = facts[record.fact];
      if (value === undefined || !belongs(record)) continue;
      const tested = BigInt.asIntN(64, value & record.mask);
      applyList(this.image, record.regions[regionFor(record.points, tested)]!, (atom) => this.atoms.add(atom));
    }
  }
}

function bit(number: number): bigint {
  return 1n << BigInt(number);
}

const fileFactNumbers = Object.values(fact).filter((number) => number >= fileFacts);

/** Sources of a level's file as sources of the interpreter. */
function asInterpreter(known: bigint): bigint {
  let result = 0n;
  if (known & bit(source.stream + stream.path)) result |= bit(source.interpreterPath);
  if (known & bit(source.stream + stream.name)) result |= bit(source.interpreterName);
  for (const number of fileFactNumbers) {
    if (known & bit(source.fact + number)) result |= bit(source.interpreterFact + number - fileFacts);
  }
  return result;
}

const allOfInterpreter = asInterpreter(-1n);

/** The truth of each rule in one view. */
function decide(image: ImageReader, view: ViewResult): Truth[] {
  const truthOf = (atom: number) => atomTruth(image, view, atom);
  const truths = image.rules.map((): Truth => false);
  const add = (rule: number, truth: Truth) => {
    truths[rule] = any([truths[rule]!, truth]);
  };
  const tryClause = (index: number) => {
    const { rule, literals } = image.clauses[index]!;
    add(rule, all(literals.map((literal) => literalTruth(image, view, literal))));
  };
  for (let index = 0; index < image.always; index++) tryClause(index);
  image.triggers.forEach(({ first, count }, atom) => {
    // A clause whose trigger is false is false.
    if (count === 0 || truthOf(atom) === false) return;
    for (let index = first; index < first + count; index++) tryClause(index);
  });
  for (const { rule, steps } of image.programs) add(rule, run(steps, truthOf));
  return truths;
}

function literalTruth(image: ImageReader, view: ViewResult, literal: number): Truth {
  const truth = atomTruth(image, view, literal & ~LITERAL_NOT);
  return (literal & LITERAL_NOT) === 0 ? truth : negated(truth);
}

/** An atom that is not set is false when its source was read. A lineage bit has another atom that is set when it is unknown. */
function atomTruth(
  { atomSources, lineageWords }: Pick<ImageReader, 'atomSources' | 'lineageWords'>,
  { atoms, known }: ViewResult,
  atom: number,
): Truth {
  if (atoms.has(atom)) return true;
  const from = atomSources[atom]!;
  if ((known & bit(from)) !== 0n) return false;
  if (from !== source.parent && from !== source.ancestors) return 'unknown';
  return atoms.has(atom + lineageWords * 64) ? 'unknown' : false;
}

function run(steps: readonly number[], atomTruth: (atom: number) => Truth): Truth {
  const stack: Truth[] = [];
  for (const value of steps) {
    switch (value) {
      case step.and:
        stack.push(all([stack.pop()!, stack.pop()!]));
        break;
      case step.or:
        stack.push(any([stack.pop()!, stack.pop()!]));
        break;
      case step.not:
        stack.push(negated(stack.pop()!));
        break;
      case step.true:
        stack.push(true);
        break;
      case step.false:
        stack.push(false);
        break;
      default:
        stack.push(atomTruth(value));
    }
  }
  return stack.pop()!;
}

function negated(truth: Truth): Truth {
  return truth === 'unknown' ? truth : !truth;
}

function any(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true;
  return truths.includes('unknown') ? 'unknown' : false;
}

function all(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes('unknown') ? 'unknown' : true;
}
