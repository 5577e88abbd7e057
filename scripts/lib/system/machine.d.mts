// Types of machine.mjs, for tests.
import type { KernelVersion } from '../vm.mjs';

export interface SystemBoot {
  /** Default 6.12. */
  readonly kernel?: KernelVersion;
  /** Appended to the kernel's parameters. */
  readonly cmdline?: string;
  /** Path in the machine -> file or directory of this host, copied onto its disk before the first boot. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class SystemMachine {
  /** Boots Debian with systemd and resolves when it takes commands. */
  static boot(boot?: SystemBoot): Promise<SystemMachine>;
  /** Seconds from power-on until the machine took commands, of the last boot. */
  readonly bootSeconds: number;
  /** The kernel's messages since the first boot. */
  readonly console: string;
  /** Lines of the console that are warnings, bugs or oopses from after the first boot. */
  readonly complaints: readonly string[];
  /** Runs a script of POSIX shell as root; it stops at the first failing command. `patience` in seconds. */
  run(script: string, options?: { patience?: number }): Promise<CommandResult>;
  /** The same for a script that must succeed; resolves to what it wrote to standard output. */
  must(script: string, options?: { patience?: number }): Promise<string>;
  /** Off and on again with the same disk: `orderly` by systemd, `crash` by taking the power away. */
  restart(how: 'orderly' | 'crash', options?: { cmdline?: string }): Promise<void>;
  /** Powers it off at once and removes its disk. */
  end(): Promise<void>;
}
