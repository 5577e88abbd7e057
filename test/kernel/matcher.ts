/**
 * The matcher of the kernel programs, run natively through BPF_PROG_TEST_RUN: decides an exec that a test made up, with the code that
 * decides real ones.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fact, fileFacts, header } from '../../src/compiler/image/layout.js';
import type { Facts, Fed, LineageBits } from '../../src/compiler/index.js';
import { BpfObject, type Layout, type StructLayout } from '../../src/kernel/addon.js';
import type { Bytes } from '../../src/secl/index.js';

/** Largest image these tests may make, bytes; a power of two. */
const capacity = 1 << 23;
/** Room behind an image, as in bpf/maps.h. */
const slack = 8;

export const matcherObject = fileURLToPath(new URL('../../build/bpf/matcher.bpf.o', import.meta.url));

export interface KernelLevel {
  readonly path?: Fed;
  readonly name?: Fed;
  /** File facts that are known. */
  readonly facts: Facts;
}

/** What the kernel would have read of an exec. */
export interface KernelExecution {
  readonly levels: readonly KernelLevel[];
  readonly last: 'program' | 'unfinished';
  readonly comm?: Fed;
  readonly tty?: Fed;
  /** Process facts that are known; what follows from the block is left out. */
  readonly facts: Facts;
  /** The argument block as far as it could be read: each string of argv, then of the environment, with a NUL behind it. */
  readonly cgroup?: Fed;
  /** `derived`: from the path of the cgroup, as at a real exec. */
  readonly container?: Fed | 'derived';
  /** Of the task before the exec; absent when nothing is known. */
  readonly lineage?: LineageBits;
  readonly block?: { readonly argc: number; readonly envc: number; readonly bytes: Bytes };
}

export interface KernelDecision {
  /** Rules that hold in some view, ascending. */
  readonly true: readonly number[];
  /** Rules that are unknown in some view and hold in none, ascending. */
  readonly unknown: readonly number[];
  /** Atoms of the last view, ascending. */
  readonly atoms: readonly number[];
  /** Sources known in the last view, a bit set over enum pc_source. */
  readonly known: bigint;
  readonly wants: ReadonlySet<'deny' | 'kill' | 'report' | 'unknown'>;
  /** What a kill would send, 0 for none. */
  readonly signal: number;
  /** Of the task when the exec has happened. */
  readonly after: LineageBits;
  /** The container that was derived; empty for none, or when it was given. */
  readonly container: Bytes;
}

/** Why this machine cannot run the matcher, or nothing when it can. */
export function whyNoMatcher(): string | undefined {
  if (process.getuid?.() !== 0) return 'BPF programs are loaded by root only';
  if (!existsSync(matcherObject)) throw new Error(`${matcherObject} is missing: run npm run build`);
  try {
    KernelMatcher.load().close();
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EPERM') return 'this machine refuses BPF programs (EPERM)';
    throw error;
  }
}

export class KernelMatcher {
  private readonly images: Uint8Array;
  private readonly input: Writer;
  private readonly output: DataView;
  private readonly in: StructLayout;
  private readonly file: StructLayout;
  private readonly out: StructLayout;

  private constructor(private readonly object: BpfObject) {
    const layout: Layout = object.layout();
    this.in = layout.struct('test_input');
    this.file = layout.struct('test_file');
    this.out = layout.struct('test_output');
    this.images = new Uint8Array(object.map('images').mmap());
    this.input = new Writer(object.map('input').mmap());
    this.output = new DataView(object.map('output').mmap());
  }

  /** Throws KernelError with the verifier's log. */
  static load(): KernelMatcher {
    const object = BpfObject.open(matcherObject, {
      programs: ['decide_input'],
      rodata: { image_mask: capacity - 1 },
      maps: { images: { valueSize: capacity + slack } },
    });
    try {
      object.load();
      return new KernelMatcher(object);
    } catch (error) {
      object.close();
      throw error;
    }
  }

  decide(image: Uint8Array, execution: KernelExecution): KernelDecision {
    if (image.length > capacity) throw new RangeError(`the image has ${image.length} bytes, the test map ${capacity}`);
    this.images.set(image, 0);
    this.write(execution);
    const { returnValue } = this.object.testRun('decide_input');
    if (returnValue !== 0) throw new Error(`decide_input ended with ${returnValue}`);
    return this.read(new DataView(image.buffer, image.byteOffset, image.byteLength));
  }

  close(): void {
    this.object.close();
  }

  private write({ levels, last, comm, tty, cgroup, container, lineage, facts, block }: KernelExecution): void {
    const at = (name: string) => field(this.in, name).offset;
    const to = this.input;
    to.u32(at('levels'), levels.length);
    to.u32(at('native'), last === 'program' ? 1 : 0);
    to.facts({ facts, first: 0, end: fileFacts, known: at('facts_known'), values: at('facts') });
    to.string(this.in, 0, 'comm', comm);
    to.string(this.in, 0, 'tty', tty);
    to.string(this.in, 0, 'cgroup', cgroup);
    if (container === 'derived') to.u32(at('container_state'), state.derived);
    else to.string(this.in, 0, 'container', container);
    to.u32(at('lineage_state'), lineage === undefined ? 0 : 1);
    to.bits(at('parent'), lineage?.parent);
    to.bits(at('parent_unknown'), lineage?.parentUnknown);
    to.bits(at('ancestors'), lineage?.ancestors);
    to.bits(at('ancestors_unknown'), lineage?.ancestorsUnknown);
    to.u32(at('argc'), block?.argc ?? 0);
    to.u32(at('envc'), block?.envc ?? 0);
    to.u32(at('block_bytes'), block?.bytes.length ?? 0);
    to.u32(at('block_known'), block === undefined ? 0 : 1);
    if (block !== undefined) to.bytes(at('block'), block.bytes, field(this.in, 'block').size);
    levels.forEach((level, index) => {
      const base = at('files') + index * this.file.size;
      const inFile = (name: string) => base + field(this.file, name).offset;
      const end = fileFacts + field(this.file, 'facts').count!;
      to.facts({ facts: level.facts, first: fileFacts, end, known: inFile('facts_known'), values: inFile('facts') });
      to.string(this.file, base, 'path', level.path);
      to.string(this.file, base, 'name', level.name);
    });
  }

  private read(image: DataView): KernelDecision {
    const at = (name: string) => field(this.out, name).offset;
    const holds = this.bits(at('holds'), image.getUint32(header.rule_words, true));
    const unknown = this.bits(at('unknown'), image.getUint32(header.rule_words, true));
    const wants = this.output.getUint32(at('wants'), true);
    const names = ['deny', 'kill', 'report', 'unknown'] as const; // bits of enum want, bpf/decide.h
    return {
      true: holds,
      unknown: unknown.filter((rule) => !holds.includes(rule)),
      atoms: this.bits(at('atoms'), image.getUint32(header.atom_words, true)),
      known: this.output.getBigUint64(at('known'), true),
      wants: new Set(names.filter((_, bit) => (wants & (1 << bit)) !== 0)),
      signal: this.output.getUint32(at('signal'), true),
      after: {
        parent: this.words(at('self')),
        parentUnknown: this.words(at('self_unknown')),
        ancestors: this.words(at('after_ancestors')),
        ancestorsUnknown: this.words(at('after_ancestors_unknown')),
      },
      container: Buffer.from(
        this.output.buffer,
        at('container'),
        this.output.getUint32(at('container_bytes'), true),
      ).toString('latin1'),
    };
  }

  /** As many lineage bits as an image may have. */
  private words(offset: number): bigint {
    let bits = 0n;
    for (let word = 0; word < lineageWords; word++) {
      bits |= this.output.getBigUint64(offset + word * 8, true) << BigInt(word * 64);
    }
    return bits;
  }

  private bits(offset: number, words: number): number[] {
    const set: number[] = [];
    for (let word = 0; word < words * 2; word++) {
      const value = this.output.getUint32(offset + word * 4, true);
      for (let bit = 0; bit < 32 && value !== 0; bit++) if ((value >>> bit) & 1) set.push(word * 32 + bit);
    }
    return set;
  }
}

function field(struct: StructLayout, name: string) {
  const found = struct.fields.get(name);
  if (found === undefined) throw new Error(`struct ${struct.name} has no field ${name}`);
  return found;
}

/** enum test_string of bpf/matcher.bpf.c. */
const state = { unread: 0, cut: 1, complete: 2, derived: 3 } as const;

/** PC_LINEAGE_WORDS of bpf/abi.h. */
const lineageWords = 4;

interface FactPlaces {
  readonly facts: Facts;
  /** Fact numbers, the end exclusive. */
  readonly first: number;
  readonly end: number;
  readonly known: number;
  readonly values: number;
}

class Writer {
  private readonly view: DataView;
  private readonly memory: Uint8Array;

  constructor(buffer: ArrayBuffer) {
    this.view = new DataView(buffer);
    this.memory = new Uint8Array(buffer);
  }

  u32(offset: number, value: number): void {
    this.view.setUint32(offset, value, true);
  }

  /** Lineage bits; where there are none, rubbish: nobody may read it. */
  bits(offset: number, bits = 0x5a5a5a5an): void {
    for (let word = 0; word < lineageWords; word++) {
      this.view.setBigUint64(offset + word * 8, BigInt.asUintN(64, bits >> BigInt(word * 64)), true);
    }
  }

  bytes(offset: number, bytes: Bytes, room: number): void {
    if (bytes.length > room) throw new RangeError(`${bytes.length} bytes do not fit into ${room}`);
    this.memory.set(Buffer.from(bytes, 'latin1'), offset);
  }

  /** What is not known is written too, as rubbish: nobody may read it. */
  facts({ facts, first, end, known, values }: FactPlaces): void {
    let mask = 0n;
    for (let number = first; number < end; number++) {
      const value = number === fact.argsTruncated ? undefined : facts[number];
      if (value !== undefined) mask |= 1n << BigInt(number - first);
      this.view.setBigInt64(values + (number - first) * 8, value ?? 1n, true);
    }
    this.view.setBigUint64(known, mask, true);
  }

  string(struct: StructLayout, base: number, name: string, fed: Fed | undefined): void {
    const { offset, size } = field(struct, name);
    this.u32(base + field(struct, `${name}_state`).offset, stateOf(fed));
    this.u32(base + field(struct, `${name}_bytes`).offset, fed?.bytes.length ?? 0);
    if (fed !== undefined) this.bytes(base + offset, fed.bytes, size);
  }
}

function stateOf(fed: Fed | undefined): number {
  if (fed === undefined) return state.unread;
  return fed.complete ? state.complete : state.cut;
}
