// Types of vm.mjs, for tests.

export type KernelVersion = '6.1' | '6.12';

/**
 * How a run ended: with the command's status; at the time limit; by the caller's signal; without a status; with complaints of
 * the kernel.
 */
export type VmOutcome = 'exited' | 'timeout' | 'stopped' | 'panic' | 'warnings';

export interface VmRun {
  /** The program and its arguments, run as root in /root; no shell in between. */
  readonly command: readonly string[];
  /** Default 6.12. */
  readonly kernel?: KernelVersion;
  /** Appended to the kernel's parameters, e.g. `lsm=lockdown,capability`. */
  readonly cmdline?: string;
  /**
   * Path in the guest -> file or directory of the host (a symbolic link stands for what it leads to). Copied into the guest's memory: together at most a quarter of
   * `memory`. What the guest changes stays there.
   */
  readonly files?: Readonly<Record<string, string>>;
  /** Added to the command's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Seconds from start to the command's end, boot included; default 300. */
  readonly timeout?: number;
  /** Of the guest, `512M` or `2G`; default 2G. */
  readonly memory?: string;
  /**
   * `instructions`: the guest has one processor whose time is the number of its instructions, a nanosecond each, so that
   * figures do not depend on the machine. Default wall.
   */
  readonly clock?: 'wall' | 'instructions';
  /** What a kernel warning, bug or oops while the command runs means; default fail. */
  readonly warnings?: 'fail' | 'allow';
  /** Ends the guest at once. */
  readonly signal?: AbortSignal;
  /** Called with each piece of the command's output as it comes. */
  readonly onOutput?: (channel: 'out' | 'err', chunk: Buffer) => void;
}

export interface VmResult {
  /** The command's exit status (128 + n when signal n ended it); 124 at the time limit, 125 when the kernel failed, 130 when stopped. */
  readonly status: number;
  readonly outcome: VmOutcome;
  /** As `uname -r` says in the guest. */
  readonly kernel: string;
  /** Standard output and standard error as they came; between the two the order is approximate. */
  readonly output: string;
  readonly stdout: string;
  readonly stderr: string;
  /** From start to end. */
  readonly seconds: number;
  /** From start to the command's first instruction; undefined when it never ran. */
  readonly bootSeconds: number | undefined;
  /** The kernel's messages. */
  readonly console: string;
  /** Lines of the console that are warnings, bugs or oopses from after the command's start. */
  readonly complaints: readonly string[];
}

/** The kernels that can be booted, oldest first. */
export const KERNELS: readonly KernelVersion[];

export const DEFAULTS: { readonly kernel: KernelVersion; readonly timeout: number; readonly memory: string };

export const TIMED_OUT: 124;
export const KERNEL_FAILED: 125;
export const STOPPED: 130;

/** Boots a kernel, runs the command, powers off. Builds nothing. */
export function runInVm(run: VmRun): Promise<VmResult>;

/** What to tell a person about a run that did not end with the command's own status. */
export function explainFailure(result: VmResult): string | undefined;
