/** Errors of the addon. Wrong arguments are TypeError or RangeError; a call at the wrong time has code ERR_INVALID_STATE. */

/** The kernel or libbpf refused an operation. The addon constructs it. */
export class KernelError extends Error {
  override name = 'KernelError';
  /** Name of the errno value, as 'EPERM'. */
  readonly code: string;
  /** What was tried, as "load build/bpf/exec.bpf.o". */
  readonly operation: string;
  /** End of what libbpf and the verifier said meanwhile, at most 64 KiB; may be empty. */
  readonly log: string;

  constructor(code: string, operation: string, reason: string, log: string) {
    const detail = telling(log);
    super(`cannot ${operation}: ${reason} (${code})${detail === undefined ? '' : `: ${detail}`}`);
    this.code = code;
    this.operation = operation;
    this.log = log;
  }
}

/** The addon is not built, or does not fit this Node or this system. */
export class AddonMissingError extends Error {
  override name = 'AddonMissingError';
  readonly code = 'ADDON_MISSING';

  constructor(path: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    super(`the kernel addon ${path} does not load: run "npm run build" (${reason})`, { cause });
  }
}

/** The line a person wants to see first: the verifier's last before its statistics, with the program it belongs to. */
function telling(log: string): string | undefined {
  const verifier = /prog '([^']*)': -- BEGIN PROG LOAD LOG --\n([\s\S]*?)(?:-- END PROG LOAD LOG --|$)/.exec(log);
  if (verifier) {
    const lines = verifier[2]!.split('\n').filter((line) => line.trim() !== '' && !/^processed \d+ insns/.test(line));
    const last = lines.at(-1);
    return last === undefined ? `program '${verifier[1]}'` : `program '${verifier[1]}': ${last.trim()}`;
  }
  return log
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.replace(/^libbpf: /, '')
    .trim();
}
