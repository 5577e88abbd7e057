/** What the rest of the agent knows of the kernel: one session over one set of attached programs, and its decoded records. */
import type { Bytes } from '../secl/bytes.js';

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
export type Verdict = 'none' | 'report' | 'refuse' | 'kill' | 'unknown' | 'unseen' | 'protected';

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

export interface KernelSession {
  readonly choice: TierChoice;
  readonly bootId: string;
  /** Swaps atomically. Throws KernelError, and then the old image stays active. */
  activate(image: Uint8Array, options?: { onUnseen?: 'report' | 'enforce' }): Promise<Activation>;
  /** No image is active afterwards. */
  release(): Promise<void>;
  /** Throws when the tier does not do what it claims. */
  selfTest(): Promise<SelfTestResult>;
  start(onBatch: (batch: RecordBatch) => void): void;
  /** Ends delivery by batches and resolves to what is left in the rings: for shutdown. */
  drain(): Promise<KernelRecord[]>;
  counters(): Record<string, bigint>;
  programs(): ProgramStatistics[];
  rings(): RingStatistics[];
  memory(): { name: string; bytes: number }[];
  /** Detaches. */
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Exactly this tier or an error; without it the best that is to be had. */
  tier?: TierName;
  objectPath?: string;
  /** Never acted on. In the initial pid namespace. */
  agentPid: number;
}

export type OpenSession = (options: SessionOptions) => Promise<KernelSession>;
