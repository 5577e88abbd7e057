/** A BPF object file: opened, prepared, loaded, attached. */
import { type ConstantValue, encodeConstant } from './constants.js';
import { Layout } from './layout.js';
import { Link } from './link.js';
import { BpfMap } from './map.js';
import { type NativeObject, native } from './native.js';

export interface MapSize {
  maxEntries?: number;
  /** Bytes. */
  valueSize?: number;
  /** Of a map of maps: the shape all its inner maps must have. */
  inner?: { maxEntries?: number; valueSize?: number };
}

export interface OpenOptions {
  /** Exactly these are loaded; an empty list is good for reading the layout. */
  programs: readonly string[];
  /** `const volatile` globals by name. The verifier folds them. */
  rodata?: Readonly<Record<string, ConstantValue>>;
  maps?: Readonly<Record<string, MapSize>>;
  /** Maps of another object that this one works on instead of maps of its own. */
  reuse?: Readonly<Record<string, BpfMap>>;
  /** 1: the verifier's log of every program, 2: more of it, 4: its statistics; read it from `log` after load(). Default 0. */
  logLevel?: number;
}

export interface TestRunOptions {
  /** The program's argument, at most 65535 bytes for SEC("syscall"); not altered. */
  context?: Uint8Array;
  /** The packet of network programs, at least 14 bytes. */
  data?: Uint8Array;
  /** Default 1. Each run of a program without a packet gets the context as given. Blocks for all of them. */
  repeat?: number;
}

export interface TestRunResult {
  /** Signed, so -1 is a refusal. */
  returnValue: number;
  /** Of one run on average: the kernel's own for programs with a packet, else measured around the system call. */
  durationNs: number;
  /** As the last run left it, where the kernel gives it back. */
  context?: Uint8Array;
}

export interface ProgramInfo {
  id: number;
  /** 0 before Linux 5.16. */
  verifiedInstructions: number;
  /** Nanoseconds. Runs are accounted only while kernel.bpf_stats_enabled is 1. */
  runTimeNs: bigint;
  runCount: bigint;
  /** Runs that were skipped because the program ran on that CPU already. */
  recursionMisses: bigint;
  /** Hash of the instructions, 16 hexadecimal digits. */
  tag: string;
}

export class BpfObject {
  readonly #native: NativeObject;
  #layout: Layout | undefined;
  #log = '';

  private constructor(object: NativeObject) {
    this.#native = object;
  }

  /**
   * Reads the file and prepares it; nothing is in the kernel yet.
   * @throws KernelError, LayoutError for an unknown constant, TypeError for an unknown program or map, RangeError
   */
  static open(path: string, options: OpenOptions): BpfObject {
    const object = new BpfObject(new (native().Object)(path, options.logLevel ?? 0));
    try {
      object.#prepare(options);
    } catch (error) {
      object.close();
      throw error;
    }
    return object;
  }

  #prepare({ programs, rodata = {}, maps = {}, reuse = {} }: OpenOptions): void {
    this.#native.selectPrograms(programs);
    for (const [name, map] of Object.entries(reuse)) this.#native.reuseMap(name, BpfMap.nativeOf(map));
    for (const [name, { maxEntries = 0, valueSize = 0, inner }] of Object.entries(maps)) {
      this.#native.resizeMap(name, 'self', maxEntries, valueSize);
      if (inner) this.#native.resizeMap(name, 'inner', inner.maxEntries ?? 0, inner.valueSize ?? 0);
    }
    for (const [name, value] of Object.entries(rodata)) {
      const variable = this.layout().variable(name);
      if (!variable.section.startsWith('.rodata')) {
        throw new TypeError(`'${name}' lies in ${variable.section} and not in .rodata: declare it const volatile`);
      }
      this.#native.setInitialBytes(variable.section, variable.offset, encodeConstant(name, value, variable));
    }
  }

  /** Creates the maps and has the programs verified; blocks for 10 to 100 ms. @throws KernelError with the verifier's log */
  load(): void {
    this.#native.load();
    this.#log = native().lastLog();
  }

  /** What libbpf and the verifier said at load(), the last 64 KiB; with logLevel 0 only warnings. */
  get log(): string {
    return this.#log;
  }

  /** By the program's own SEC(). @throws KernelError */
  attach(program: string): Link {
    return Link.of(this.#native.attach(program));
  }

  /** '.bss' and '.rodata' are maps as well. @throws TypeError for an unknown one */
  map(name: string): BpfMap {
    return BpfMap.of(this.#native.map(name));
  }

  /** Runs the program once or several times, natively and on this thread. @throws KernelError */
  testRun(program: string, options: TestRunOptions = {}): TestRunResult {
    return this.#native.testRun(program, options.context, options.data, options.repeat ?? 1);
  }

  /** @throws KernelError */
  programInfo(program: string): ProgramInfo {
    return this.#native.programInfo(program);
  }

  /** In a BPF file system; the directory must exist. Undone by unpin(path). @throws KernelError */
  pinProgram(program: string, path: string): void {
    this.#native.pinProgram(program, path);
  }

  layout(): Layout {
    this.#layout ??= new Layout(this.#native.layout());
    return this.#layout;
  }

  /** Lets go of programs and maps; links, handles on maps and pins keep what they need. */
  close(): void {
    this.#native.close();
  }
}
