/** Reads an image's tables. Used by the interpreter and to show an image to people; it trusts no offset. */
import {
  ABI_VERSION,
  header,
  IMAGE_MAGIC,
  output as outputKind,
  type StreamName,
  size,
  stream,
  streamNames,
} from './layout.js';

/** Thrown when bytes are no image, or one of another version. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly code = 'not-an-image';
}

export interface AutomatonRecord {
  readonly classes: number;
  readonly start: number;
  readonly end: number;
  readonly absent: number;
  /** Words of eight bytes without a NUL that a value must have in a row before the automaton can tell anything of it. */
  readonly run: number;
}

export interface OutputRecord {
  readonly kind: number;
  readonly atom: number;
  readonly segment: number;
  readonly pattern: number;
  readonly length: number;
}

export interface IntegerRecord {
  readonly fact: number;
  readonly mask: bigint;
  readonly points: readonly bigint[];
  /** Offsets of output lists. */
  readonly regions: readonly number[];
}

export interface ClauseRecord {
  readonly rule: number;
  readonly literals: readonly number[];
}

export interface ProgramRecord {
  readonly rule: number;
  readonly steps: readonly number[];
}

export interface RuleRecord {
  readonly flags: number;
  readonly signal: number;
}

/** An image opened for reading. Small tables are decoded at once; rows and outputs are read where they stand. */
export class ImageReader {
  readonly size: number;
  readonly streams: number;
  readonly sources: bigint;
  readonly fileWords: number;
  readonly interpreterWords: number;
  readonly cgroupWord: number;
  readonly cgroupWords: number;
  readonly lineageWord: number;
  readonly lineageWords: number;
  readonly atomWords: number;
  readonly segmentPatterns: number;
  readonly always: number;
  readonly absentInterpreter: number;
  /** Bits of `event`. */
  readonly events: number;
  readonly automata: ReadonlyMap<StreamName, readonly AutomatonRecord[]>;
  readonly integers: readonly IntegerRecord[];
  readonly clauses: readonly ClauseRecord[];
  /** By atom: the clauses [first, first + count) that it triggers. */
  readonly triggers: readonly { readonly first: number; readonly count: number }[];
  readonly atomSources: Uint8Array;
  readonly programs: readonly ProgramRecord[];
  /** `rule` is the number of the lineage bit. */
  readonly lineage: readonly ProgramRecord[];
  readonly rules: readonly RuleRecord[];
  /** Literals about the file: the environment matters where in one of these lists none is false; no list: always. */
  readonly environmentGuards: readonly (readonly number[])[];
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < size.pc_header || this.u32(header.magic) !== IMAGE_MAGIC) {
      throw new ImageError('These bytes are not a policy image.');
    }
    if (this.u32(header.version) !== ABI_VERSION) {
      throw new ImageError(`The image has version ${this.u32(header.version)}; this program reads ${ABI_VERSION}.`);
    }
    this.size = this.u32(header.size);
    if (this.size !== bytes.length) {
      throw new ImageError(`The image says it has ${this.size} bytes and has ${bytes.length}.`);
    }
    this.streams = this.u32(header.streams);
    this.sources = this.view.getBigUint64(header.sources, true);
    this.fileWords = this.u32(header.file_words);
    this.interpreterWords = this.u32(header.interpreter_words);
    this.cgroupWord = this.u32(header.cgroup_word);
    this.cgroupWords = this.u32(header.cgroup_words);
    this.lineageWord = this.u32(header.lineage_word);
    this.lineageWords = this.u32(header.lineage_words);
    this.atomWords = this.u32(header.atom_words);
    this.segmentPatterns = this.u32(header.segment_patterns);
    this.always = this.u32(header.always);
    this.absentInterpreter = this.u32(header.absent_interpreter);
    this.events = this.u32(header.events);
    this.automata = new Map(
      streamNames.map((name) => [
        name,
        this.table(header.automata + stream[name] * size.pc_table, size.pc_automaton, (at) => ({
          classes: this.u32(at),
          start: this.u32(at + 4),
          end: this.u32(at + 8),
          absent: this.u32(at + 12),
          run: this.u32(at + 16),
        })),
      ]),
    );
    this.integers = this.table(header.integers, size.pc_integer, (at) => this.integer(at));
    this.clauses = this.table(header.clauses, size.pc_clause, (at) => ({
      rule: this.u16(at + 6),
      literals: this.shorts(this.u32(at), this.u16(at + 4)),
    }));
    this.triggers = this.table(header.triggers, size.pc_table, (at) => ({
      first: this.u32(at),
      count: this.u32(at + 4),
    }));
    this.atomSources = Uint8Array.from(this.table(header.atom_sources, 1, (at) => this.view.getUint8(at)));
    this.programs = this.table(header.programs, size.pc_program, (at) => this.program(at));
    this.lineage = this.table(header.lineage, size.pc_program, (at) => this.program(at));
    this.rules = this.table(header.rules, size.pc_rule, (at) => ({
      flags: this.view.getUint8(at),
      signal: this.view.getUint8(at + 1),
    }));
    this.environmentGuards = this.table(header.environment_guards, size.pc_guard_list, (at) =>
      this.shorts(this.u32(at), this.u32(at + 4)),
    );
  }

  u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  /** The class of a byte under a class map. */
  classOf(map: number, byte: number): number {
    return this.bytes[map + byte]!;
  }

  /** The outputs of the list at an offset, in order; none for 0. */
  outputs(offset: number): readonly OutputRecord[] {
    const list: OutputRecord[] = [];
    if (offset === 0) return list;
    for (let at = offset; ; at += size.pc_output) {
      const kind = this.view.getUint8(at + 2);
      list.push({
        kind: kind & ~outputKind.end,
        atom: this.u16(at),
        segment: this.view.getUint8(at + 3),
        pattern: this.u16(at + 4),
        length: this.u16(at + 6),
      });
      if ((kind & outputKind.end) !== 0) return list;
    }
  }

  private u16(at: number): number {
    return this.view.getUint16(at, true);
  }

  private shorts(at: number, count: number): number[] {
    return Array.from({ length: count }, (_, index) => this.u16(at + index * 2));
  }

  private table<T>(at: number, entry: number, read: (at: number) => T): T[] {
    const offset = this.u32(at);
    return Array.from({ length: this.u32(at + 4) }, (_, index) => read(offset + index * entry));
  }

  private program(at: number): ProgramRecord {
    return { rule: this.u16(at + 6), steps: this.shorts(this.u32(at), this.u16(at + 4)) };
  }

  private integer(at: number): IntegerRecord {
    const count = this.u32(at + 4);
    const points = this.u32(at + 16);
    const regions = this.u32(at + 20);
    return {
      fact: this.u32(at),
      mask: this.view.getBigUint64(at + 8, true),
      points: Array.from({ length: count }, (_, index) => this.view.getBigInt64(points + index * 8, true)),
      regions: Array.from({ length: 2 * count + 1 }, (_, index) => this.u32(regions + index * 4)),
    };
  }
}
