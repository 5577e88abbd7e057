/** A process by a descriptor of the kernel's (pidfd): it stays that process when the pid becomes another's. */
import { closeSync } from 'node:fs';
import { native } from './native.js';

export class ProcessHandle {
  readonly #descriptor: number;
  #open = true;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * Whatever process has the pid now: look at /proc/PID afterwards to know which. `pid` in the pid namespace of the agent.
   * @throws KernelError `ESRCH` when there is none
   */
  static open(pid: number): ProcessHandle {
    return new ProcessHandle(native().openPidfd(pid));
  }

  /** @throws KernelError `ESRCH` when the process has ended, `EPERM` when it may not be signalled */
  signal(number: number): void {
    if (!this.#open) throw new TypeError('the process handle is closed');
    native().signalPidfd(this.#descriptor, number);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#descriptor);
  }
}
