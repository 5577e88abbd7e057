/**
 * What the log says of attempts on the agent: the first of each kind at once, and what the same process repeats in sum. A tool that lists all
 * maps makes fifty attempts and means no harm.
 */
import type { Tamper } from '../kernel/self-protection-state.js';
import { limits } from './limits.js';

export interface TamperLogParts {
  /** Writes a line. */
  say(text: string, fields: Record<string, unknown>): void;
  /** Calls once, so many milliseconds from now; the call of what is returned keeps it from doing so. */
  later(milliseconds: number, act: () => void): () => void;
  /** Wall clock of nanoseconds since boot, milliseconds since the epoch. */
  timeOf(bootTime: bigint): number;
}

export class TamperLog {
  readonly #parts: TamperLogParts;
  /** Of the time since the first one: the last attempt of a kind, and how many were not told. */
  #kinds = new Map<string, { last: Tamper; untold: number }>();
  #suppressed = 0;
  #forget: (() => void) | undefined;

  constructor(parts: TamperLogParts) {
    this.#parts = parts;
  }

  add(tampers: readonly Tamper[]): void {
    for (const tamper of tampers) this.#add(tamper);
  }

  /** Tells what was kept back, and begins anew. */
  flush(): void {
    this.#forget?.();
    this.#forget = undefined;
    for (const { last, untold } of this.#kinds.values()) {
      if (untold === 0) continue;
      this.#parts.say(`${sentence(last)} The same ${untold} times.`, { ...this.#fields(last), times: untold });
    }
    if (this.#suppressed > 0) {
      const suppressed = this.#suppressed;
      this.#parts.say(`${suppressed} further attempts on the agent were made.`, { suppressed });
    }
    this.#kinds = new Map();
    this.#suppressed = 0;
  }

  #add(tamper: Tamper): void {
    this.#forget ??= this.#parts.later(limits.tamperWindow.value, () => this.flush());
    const key = `${tamper.hook} ${tamper.outcome} ${tamper.pid} ${tamper.start}`;
    const known = this.#kinds.get(key);
    if (known !== undefined) {
      known.last = tamper;
      known.untold++;
      return;
    }
    if (this.#kinds.size >= limits.tamperLines.value) {
      this.#suppressed++;
      return;
    }
    this.#kinds.set(key, { last: tamper, untold: 0 });
    this.#parts.say(sentence(tamper), this.#fields(tamper));
  }

  #fields({ time, hook, outcome, detail, pid, ppid, uid, comm, parentComm, cgroup }: Tamper): Record<string, unknown> {
    const date = new Date(this.#parts.timeOf(time)).toISOString();
    return { date, hook, outcome, detail, pid, ppid, uid, comm, parentComm, cgroup: Number(cgroup) };
  }
}

function sentence({ hook, outcome, comm, pid, uid }: Tamper): string {
  const what = whats[hook] ?? `an attempt on the agent (${hook})`;
  const became = outcome === 'refused' ? 'was refused' : 'was let through: unlocked';
  return `${comm} (pid ${pid}, uid ${uid}): ${what} ${became}.`;
}

const whats: Readonly<Record<string, string>> = {
  task_kill: 'a signal to the agent',
  file_send_sigiotask: 'a signal to the agent',
  ptrace_access_check: 'access to the memory of the agent',
  ptrace_traceme: 'tracing of the agent',
  task_setrlimit: 'a limit on the agent',
  task_setscheduler: 'another scheduling of the agent',
  task_setnice: 'another priority of the agent',
  bpf_map: 'opening of a map of the agent',
  bpf_prog: 'opening of a program of the agent',
  inode_unlink: 'removal of a pin',
  inode_rmdir: 'removal of a directory of pins',
  inode_rename: 'renaming of a pin',
  inode_mkdir: 'a directory among the pins',
  inode_symlink: 'a link among the pins',
  sb_umount: 'unmounting of the pins',
  sb_mount: 'a mount over the pins',
  move_mount: 'a mount over the pins, or moving theirs,',
  file_open: 'ending or freezing of a control group of the agent',
};
