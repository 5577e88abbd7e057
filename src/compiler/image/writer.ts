/** Writes the policy image. The layout and its order are those of bpf/abi.h. */
import type { Automaton } from '../automata/automaton.js';
import type { ListId, Output, OutputLists } from '../automata/outputs.js';
import { shortestRun, wordsOfRun } from '../automata/run.js';
import { CompileError } from '../errors.js';
import type { IntegerTable } from '../integers.js';
import { imageBytes } from '../limits.js';
import { environmentGuards } from './guards.js';
import {
  ABI_VERSION,
  CLASS_MAP_BYTES,
  fact,
  header,
  IMAGE_MAGIC,
  output as outputKind,
  ROW_EMITS,
  type StreamName,
  size,
  stream,
  streamNames,
} from './layout.js';

/** All that an image says, with references by index. */
export interface ImageContent {
  readonly automata: ReadonlyMap<StreamName, readonly Automaton[]>;
  readonly lists: OutputLists;
  readonly segmentPatterns: number;
  readonly fileWords: number;
  readonly interpreterWords: number;
  readonly cgroupWord: number;
  readonly cgroupWords: number;
  readonly lineageWord: number;
  readonly lineageWords: number;
  readonly atomWords: number;
  /** By atom; atoms of the padding have source 0. */
  readonly atomSources: Uint8Array;
  readonly integers: readonly IntegerTable[];
  /** The first `always` have no positive literal; the others are sorted by trigger. */
  readonly clauses: readonly ImageClause[];
  readonly always: number;
  readonly programs: readonly { readonly rule: number; readonly steps: readonly number[] }[];
  /** By lineage bit, the steps that decide it. */
  readonly lineage: readonly (readonly number[])[];
  readonly rules: readonly { readonly flags: number; readonly signal: number }[];
  readonly absentInterpreter: ListId;
  /** Bits of `event`: what user space wants to see although no rule in the kernel asks for it. */
  readonly events: number;
}

export interface ImageClause {
  readonly rule: number;
  /** As the image has them: an atom, perhaps with PC_LITERAL_NOT. */
  readonly literals: readonly number[];
  /** The positive atom it waits for; absent for those that are always tried. */
  readonly trigger?: number;
}

/** The bytes of the image. Throws a CompileError when they are too many. */
export function writeImage(content: ImageContent): Uint8Array {
  const plan = new Allocator(size.pc_header);
  const automata = [...streamNames].flatMap((name) => {
    const list = content.automata.get(name) ?? [];
    return [{ name, list, table: plan.take(list.length * size.pc_automaton) }];
  });
  const rows = automata.map(({ list }) =>
    list.map((automaton) => ({
      rows: plan.take(rowBytes(automaton)),
      classes: plan.take(CLASS_MAP_BYTES, CLASS_MAP_BYTES),
    })),
  );
  const integers = plan.take(content.integers.length * size.pc_integer);
  const integerData = content.integers.map(({ points, regions }) => ({
    points: plan.take(points.length * 8),
    regions: plan.take(regions.length * 4),
  }));
  const outputs = new Map<ListId, number>();
  const place = (list: ListId) => {
    if (list !== 0 && !outputs.has(list)) outputs.set(list, plan.take(content.lists.get(list).length * size.pc_output));
  };
  for (const { list } of automata) {
    for (const automaton of list) {
      for (const id of automaton.outputs) place(id);
      for (const id of automaton.finals) place(id);
      place(automaton.absent);
    }
  }
  for (const { regions } of content.integers) for (const id of regions) place(id);
  place(content.absentInterpreter);
  const clauses = plan.take(content.clauses.length * size.pc_clause);
  const literals = content.clauses.map((clause) => plan.take(clause.literals.length * 2, 2));
  const steps = content.programs.map((program) => plan.take(program.steps.length * 2, 2));
  const atoms = content.atomWords * 64;
  const triggers = plan.take(atoms * size.pc_table);
  const sources = plan.take(atoms);
  const programs = plan.take(content.programs.length * size.pc_program);
  const lineageSteps = content.lineage.map((program) => plan.take(program.length * 2, 2));
  const lineage = plan.take(content.lineage.length * size.pc_program);
  const rules = plan.take(content.rules.length * size.pc_rule);
  const guards = environmentGuards(content);
  const guardLists = plan.take(guards.length * size.pc_guard_list);
  const guardLiterals = guards.map((guard) => plan.take(guard.length * 2, 2));
  const total = plan.end();
  if (total > imageBytes.value) {
    throw new CompileError(
      'image-too-large',
      `The image would have ${total} bytes; the limit is ${imageBytes.value}. Most of it is automata over the strings of the rules.`,
    );
  }

  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  const u16 = (at: number, value: number) => view.setUint16(at, value, true);
  const u32 = (at: number, value: number) => view.setUint32(at, value, true);
  const table = (at: number, offset: number, count: number) => {
    u32(at, count === 0 ? 0 : offset);
    u32(at + 4, count);
  };
  const listOffset = (list: ListId) => (list === 0 ? 0 : outputs.get(list)!);

  automata.forEach(({ name, list, table: at }, streamIndex) => {
    table(header.automata + stream[name] * size.pc_table, at, list.length);
    list.forEach((automaton, index) => {
      const offsets = rows[streamIndex]![index]!;
      bytes.set(automaton.classMap, offsets.classes);
      writeRows(view, offsets.rows, automaton, listOffset);
      const record = at + index * size.pc_automaton;
      u32(record, offsets.classes);
      u32(record + 4, rowOffset(automaton, offsets.rows, automaton.start));
      u32(record + 8, automaton.classes * 4);
      u32(record + 12, listOffset(automaton.absent));
      u32(record + 16, wordsOfRun(shortestRun(automaton)));
    });
  });
  content.integers.forEach(({ fact: name, mask, points, regions }, index) => {
    const record = integers + index * size.pc_integer;
    const offsets = integerData[index]!;
    u32(record, fact[name]);
    u32(record + 4, points.length);
    view.setBigUint64(record + 8, BigInt.asUintN(64, mask), true);
    u32(record + 16, offsets.points);
    u32(record + 20, offsets.regions);
    points.forEach((point, at) => {
      view.setBigInt64(offsets.points + at * 8, point, true);
    });
    regions.forEach((list, at) => {
      u32(offsets.regions + at * 4, listOffset(list));
    });
  });
  for (const [list, offset] of outputs) writeOutputs(view, offset, content.lists.get(list));
  content.clauses.forEach((clause, index) => {
    const record = clauses + index * size.pc_clause;
    u32(record, literals[index]!);
    u16(record + 4, clause.literals.length);
    u16(record + 6, clause.rule);
    clause.literals.forEach((literal, at) => {
      u16(literals[index]! + at * 2, literal);
    });
  });
  content.clauses.forEach(({ trigger }, index) => {
    if (trigger === undefined) return;
    const record = triggers + trigger * size.pc_table;
    const count = view.getUint32(record + 4, true);
    if (count === 0) u32(record, index);
    u32(record + 4, count + 1);
  });
  bytes.set(content.atomSources, sources);
  const program = (record: number, at: number, about: number, list: readonly number[]) => {
    u32(record, at);
    u16(record + 4, list.length);
    u16(record + 6, about);
    list.forEach((value, index) => {
      u16(at + index * 2, value);
    });
  };
  content.programs.forEach(({ rule, steps: list }, index) => {
    program(programs + index * size.pc_program, steps[index]!, rule, list);
  });
  content.lineage.forEach((list, bit) => {
    program(lineage + bit * size.pc_program, lineageSteps[bit]!, bit, list);
  });
  content.rules.forEach(({ flags, signal }, index) => {
    bytes[rules + index * size.pc_rule] = flags;
    bytes[rules + index * size.pc_rule + 1] = signal;
  });

  guards.forEach((guard, index) => {
    u32(guardLists + index * size.pc_guard_list, guardLiterals[index]!);
    u32(guardLists + index * size.pc_guard_list + 4, guard.length);
    guard.forEach((literal, at) => {
      u16(guardLiterals[index]! + at * 2, literal);
    });
  });

  u32(header.magic, IMAGE_MAGIC);
  u32(header.version, ABI_VERSION);
  u32(header.size, total);
  u32(
    header.streams,
    automata.reduce((mask, { name, list }) => (list.length > 0 ? mask | (1 << stream[name]) : mask), 0),
  );
  view.setBigUint64(header.sources, sourceMask(content), true);
  u32(header.file_words, content.fileWords);
  u32(header.interpreter_words, content.interpreterWords);
  u32(header.cgroup_word, content.cgroupWord);
  u32(header.cgroup_words, content.cgroupWords);
  u32(header.lineage_word, content.lineageWord);
  u32(header.lineage_words, content.lineageWords);
  u32(header.atom_words, content.atomWords);
  u32(header.rule_words, Math.ceil(content.rules.length / 64));
  u32(header.segment_patterns, content.segmentPatterns);
  u32(header.always, content.always);
  table(header.integers, integers, content.integers.length);
  table(header.clauses, clauses, content.clauses.length);
  table(header.triggers, triggers, atoms);
  table(header.atom_sources, sources, atoms);
  table(header.programs, programs, content.programs.length);
  table(header.lineage, lineage, content.lineage.length);
  table(header.rules, rules, content.rules.length);
  table(header.environment_guards, guardLists, guards.length);
  u32(header.absent_interpreter, listOffset(content.absentInterpreter));
  u32(header.events, content.events);
  return bytes;
}

/** Hands out room, each piece aligned. */
class Allocator {
  constructor(private next: number) {}

  take(bytes: number, alignment = 8): number {
    this.next = Math.ceil(this.next / alignment) * alignment;
    const offset = this.next;
    this.next += bytes;
    return offset;
  }

  end(): number {
    return this.take(0);
  }
}

/** A row is its output list, a target for each class, and one for END. A final is an output list alone. */
function rowBytes({ states, classes, finals }: Automaton): number {
  return states * (classes + 2) * 4 + finals.length * 4;
}

/** The offset of a row is that of its targets, after its output list. */
function rowOffset({ states, classes }: Automaton, base: number, target: number): number {
  const width = (classes + 2) * 4;
  return target < states ? base + target * width + 4 : base + states * width + (target - states) * 4 + 4;
}

function writeRows(view: DataView, base: number, automaton: Automaton, listOffset: (list: ListId) => number): void {
  const { states, classes, rows, outputs, finals } = automaton;
  const listOf = (target: number) => (target < states ? outputs[target]! : finals[target - states]!);
  for (let state = 0; state < states; state++) {
    const at = rowOffset(automaton, base, state);
    view.setUint32(at - 4, listOffset(outputs[state]!), true);
    for (let c = 0; c <= classes; c++) {
      const target = rows[state * (classes + 1) + c]!;
      const emits = listOf(target) === 0 ? 0 : ROW_EMITS;
      view.setUint32(at + c * 4, rowOffset(automaton, base, target) | emits, true);
    }
  }
  finals.forEach((list, index) => {
    view.setUint32(rowOffset(automaton, base, states + index) - 4, listOffset(list), true);
  });
}

function writeOutputs(view: DataView, offset: number, outputs: readonly Output[]): void {
  outputs.forEach((output, index) => {
    const at = offset + index * size.pc_output;
    const end = index === outputs.length - 1 ? outputKind.end : 0;
    const put = (atom: number, kind: number, segment: number, pattern: number, length: number) => {
      view.setUint16(at, atom, true);
      view.setUint8(at + 2, kind | end);
      view.setUint8(at + 3, segment);
      view.setUint16(at + 4, pattern, true);
      view.setUint16(at + 6, length, true);
    };
    switch (output.kind) {
      case 'atom':
        put(output.atom, outputKind.atom, 0, 0, 0);
        break;
      case 'segment':
        put(0, outputKind.segment, output.segment, output.pattern, output.length);
        break;
      case 'last-segment':
        put(output.atom, outputKind.lastSegment, output.segment, output.pattern, output.length);
        break;
      case 'reset':
        put(0, outputKind.reset, 0, output.first, output.count);
    }
  });
}

function sourceMask({ clauses, programs, lineage, atomSources }: ImageContent): bigint {
  const used = new Set<number>();
  for (const { literals } of clauses) for (const literal of literals) used.add(atomSources[literal & 0x7fff]!);
  for (const steps of [...programs.map((program) => program.steps), ...lineage]) {
    for (const value of steps) if (value < 0x8000) used.add(atomSources[value]!);
  }
  return [...used].reduce((mask, source) => mask | (1n << BigInt(source)), 0n);
}
