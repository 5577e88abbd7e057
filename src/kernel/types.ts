/** What the rest of the agent knows of the kernel: one session over one set of attached programs, and its decoded records. */
import type { Bytes } from '../secl/bytes.js';
import type { AncestrySource } from './lineage.js';

export type { Ancestry, AncestrySource, LineageBits, Orphan } from './lineage.js';

/** Ways into the kernel, best first. */
export type TierName = 'lsm' | 'fmod_ret' | 'kprobe' | 'tracepoint';

export interface TierChoice {
  tier: TierName;
  /** Sentences, one for each thing this tier cannot do. Empty for a tier that can do everything. */
  cannot: readonly string[];
  /** Better tiers that were not to be had, and why. */
  refused: readonly { tier: TierName; why: string }[];
}

/** Stage at which a decision fell: before the exec, after its point of no return, or not at all. */
export type Stage = 'refuse' | 'kill' | 'unseen';

/** enum pc_verdict of bpf/abi.h, without its prefix. */
export type Verdict = 'none' | 'report' | 'refuse' | 'kill' | 'unknown' | 'unseen' | 'protected' | 'would';

/** The two rings. Reports cannot fill the ring of the verdicts. */
export type RingName = 'verdicts' | 'reports';

/** enum pc_event of bpf/abi.h. */
export type RecordedEvent = 'exec' | 'exit';

/** One decoded struct pc_record of bpf/abi.h. 64-bit numbers are bigint; times are nanoseconds since boot. */
export interface KernelRecord {
  event: RecordedEvent;
  /** Of an exit, as wait(2) gives it: signal in the low byte, 0x80 there for a core dump, the code above. */
  exitCode: number;
  stage: Stage;
  verdict: Verdict;
  /** Per CPU; a gap is a lost record. */
  sequence: bigint;
  /** One number for all records of an exec, unique in a boot. */
  exec: bigint;
  /** The exec by which the task came to run what it ran until this one; 0n where not known. */
  previous: bigint;
  time: bigint;
  /** When the process, not this program, started. */
  start: bigint;
  generation: bigint;
  /** Bit set over enum pc_source: sources that were read to their end. */
  known: bigint;
  /** Id in the default hierarchy. */
  cgroup: bigint;
  inode: bigint;
  cpu: number;
  device: number;
  pid: number;
  tid: number;
  ppid: number;
  uid: number;
  gid: number;
  euid: number;
  egid: number;
  mode: number;
  /** Signal that was sent, 0: none. */
  signal: number;
  /** Arguments, argv[0] included; 0 where not known. */
  argsCount: number;
  /** Bytes of the whole argument block, NULs included; 0 where not known. */
  argsBytes: number;
  levels: number;
  /** Numbers of the rules that hold, ascending; index into Compiled.rules of the image of `generation`. */
  rules: number[];
  /** Numbers of the rules that are unknown, ascending. */
  unknownRules: number[];
  path: Bytes | undefined;
  name: Bytes | undefined;
  interpreterPath: Bytes | undefined;
  interpreterName: Bytes | undefined;
  /** argv[0] first. With `argsCut` the last one may be cut. */
  argv: Bytes[];
  /** The argument block is longer than what the record carries. */
  argsCut: boolean;
  /** The beginning of the path is missing. */
  pathCut: boolean;
  /** Decided by the shadow image. */
  shadow: boolean;
  /** In a record of the shadow: the executable ran on this host before the shadow image came. */
  established: boolean;
  /** A rule that holds did not act, because its circuit breaker has tripped. */
  tripped: boolean;
  /** Rules that hold did not act, because the process is outside the canary cgroup. */
  outsideCanary: boolean;
  tty: Bytes | undefined;
  comm: Bytes;
  parentComm: Bytes;
}

/** One image that has become active. */
export interface Activation {
  generation: bigint;
  slot: number;
  milliseconds: number;
  imageBytes: number;
  /** Processes whose lineage is not known to the image; 0 for an image that asks for none. */
  orphans: number;
  /** Of an image that was in force already and was not swapped: by rule, since when it enforces; nanoseconds since boot. */
  since?: readonly bigint[];
}

/** Records of one ring. The kernel keeps them until `acknowledge` is called, so delivery is at least once. */
export interface RecordBatch {
  ring: RingName;
  records: KernelRecord[];
  acknowledge(): void;
}

/** Names of enum pc_counter in lower case. */
export const COUNTER_NAMES = [
  'exec',
  'refused',
  'killed',
  'reported',
  'unknown',
  'unseen',
  'protected',
  'stage1',
  'abstained',
  'unread',
  'no_memory',
  'lost_verdict',
  'lost_report',
  'long_path',
  'would',
  'breaker',
  'canary',
  'uninherited',
] as const;
export type CounterName = (typeof COUNTER_NAMES)[number];

export interface ProgramStatistics {
  name: string;
  /** Nanoseconds; 0 where the kernel does not account program run time. */
  runTimeNs: bigint;
  runCount: bigint;
  recursionMisses: bigint;
  verifiedInstructions: number;
}

export interface RingStatistics {
  name: string;
  /** Bytes. */
  size: number;
  /** Bytes ever produced. */
  produced: bigint;
  /** Bytes ever acknowledged. */
  consumed: bigint;
}

export interface SelfTestResult {
  milliseconds: number;
  outcome: 'refused' | 'killed';
}

export interface ActivateOptions {
  onUnseen?: 'report' | 'enforce';
  /** Says what live processes are to an image with lineage; without it that is not known. */
  ancestry?: AncestrySource;
  /** By rule of the image, since when it enforces: nanoseconds since boot. Without it, since now. */
  since?: readonly bigint[];
  /** Of an image with the same bytes as the one in force: `keep` leaves that one and its number. Default: `swap`. */
  onEqual?: 'keep' | 'swap';
}

/** A file that is never acted on. */
export interface ProtectedFile {
  inode: bigint;
  /** major << 20 | minor, as the kernel counts. */
  device: number;
  /** `login` may start a `shell`, which is spared then; a `program` is spared always. */
  protection: readonly ('program' | 'login' | 'shell')[];
}

/** An executable as the circuit breaker knows it. */
export interface Executable {
  /** Of its last change, nanoseconds since 1970. */
  ctime: bigint;
  size: bigint;
  /** The file's own name, without directories. */
  name: Bytes;
}

/** A rule whose circuit breaker has counted something. */
export interface Trip {
  rule: number;
  /** Established executables that it acted on, each with the established program that started it. */
  distinct: number;
  tripped: boolean;
}

export interface KernelSession {
  readonly choice: TierChoice;
  readonly bootId: string;
  /** Swaps atomically. Throws KernelError, and then the old image stays active. Ends a shadow. */
  activate(image: Uint8Array, options?: ActivateOptions): Promise<Activation>;
  /** Lets an image decide in shadow: what it would have done is counted and said in records (`would`). Throws SessionError `image-too-large`. */
  stage(image: Uint8Array, options?: ActivateOptions): Promise<Activation>;
  /** The shadow becomes active. Throws SessionError `no-shadow`. */
  promote(): Promise<Activation>;
  /** Ends the shadow. */
  discard(): Promise<void>;
  /** No image is active afterwards. */
  release(): Promise<void>;
  /** Detaches every program and releases; the session stays open. */
  suspend(): Promise<void>;
  /** Attaches again what `suspend` detached. No image is active yet. */
  resume(): void;
  /** Whether a rule of the active image acts or only reports, from the next decision on; a swap forgets it. */
  setMode(rule: number, mode: 'monitor' | 'enforce'): void;
  /** Replaces the set of files that are never acted on. Throws KernelError when it is larger than the kernel's map. */
  protect(files: readonly ProtectedFile[]): void;
  /** Rules act in this cgroup and below it; `level` is its depth, the root's is 0. Undefined: everywhere. */
  limitTo(cgroup: { id: bigint; level: number } | undefined): void;
  /** Established executables that one rule may act on before it loses its hold on them; 0: any number. */
  breakAfter(executables: number): void;
  /** Executables that ran before the agent was there; those that are `named` by rules already do not count as such, whoever said so. */
  establish(executables: readonly Executable[], named?: readonly Executable[]): void;
  /** Rules of the active image whose breaker has counted something. */
  trips(): Trip[];
  /** Throws when the tier does not do what it claims. */
  selfTest(): Promise<SelfTestResult>;
  start(onBatch: (batch: RecordBatch) => void): void;
  /** Ends delivery by batches and resolves to what is left in the rings: for shutdown. */
  drain(): Promise<KernelRecord[]>;
  counters(): Record<string, bigint>;
  programs(): ProgramStatistics[];
  rings(): RingStatistics[];
  memory(): { name: string; bytes: number }[];
  /**
   * Goes on where an agent before this one left its pins; call it once, before `start`. Throws KernelError, and then what was there still
   * decides.
   */
  takeOver(): TakeOver;
  /** Ends the agent's part and leaves the kernel deciding. Throws SessionError `pins` when nothing is pinned. */
  leave(): Promise<void>;
  /** Detaches, and removes pins. */
  close(): Promise<void>;
}

/** What an earlier agent left in the kernel. `replacing`: it decides until this agent's first image does, for `why`. */
export type TakeOver =
  | { is: 'nothing'; halves: number }
  | {
      is: 'adopted';
      halves: number;
      generation: bigint | undefined;
      /** By rule of the image in force, since when it enforces: nanoseconds since boot. */
      since: readonly bigint[];
      /** Bytes of records that nobody has acknowledged. */
      waiting: bigint;
      /** What the kernel has counted for agents before this one, and while there was none. */
      counters: Readonly<Record<string, bigint>>;
    }
  | { is: 'replacing'; halves: number; why: string };

export interface SessionOptions {
  /** Exactly this tier or an error; without it the best that is to be had. */
  tier?: TierName;
  objectPath?: string;
  /** Never acted on. In the initial pid namespace. */
  agentPid: number;
  /** A directory of a BPF file system in which what decides outlives the agent. Absent: it ends with the agent. */
  pins?: string;
  /** Whether container engines here use the default hierarchy of cgroups; where they do not, containers are not known. */
  cgroups?: 'default' | 'unknown';
}

export type OpenSession = (options: SessionOptions) => Promise<KernelSession>;
