/** What the log says of attempts on the agent: each one, but a flood of them only in sum. */
import type { Tamper } from '../kernel/self-protection-state.js';
import { limits } from './limits.js';

export interface TamperLogParts {
  /** Writes a line. */
  say(text: string, fields: Record<string, unknown>): void;
  /** Milliseconds, of a clock that only goes forward. */
  now(): number;
  /** Wall clock of nanoseconds since boot, milliseconds since the epoch. */
  timeOf(bootTime: bigint): number;
}

export class TamperLog {
  readonly #parts: TamperLogParts;
  #windowStart = Number.NEGATIVE_INFINITY;
  #said = 0;
  #suppressed = 0;

  constructor(parts: TamperLogParts) {
    this.#parts = parts;
  }

  add(tampers: readonly Tamper[]): void {
    for (const tamper of tampers) this.#add(tamper);
  }

  /** What was kept back and not told yet. */
  flush(): void {
    if (this.#suppressed === 0) return;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    this.#parts.say(`${suppressed} further attempts on the agent were made.`, { suppressed });
  }

  #add(tamper: Tamper): void {
    const now = this.#parts.now();
    if (now - this.#windowStart >= limits.tamperWindow.value) {
      this.flush();
      this.#windowStart = now;
      this.#said = 0;
    }
    if (this.#said >= limits.tamperLines.value) {
      this.#suppressed++;
      return;
    }
    this.#said++;
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
