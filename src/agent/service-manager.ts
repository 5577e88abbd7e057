/**
 * What the agent tells systemd (sd_notify(3)): that a policy is in force, that it loads one anew, that it stops, and, where
 * the unit asks for it, that its event loop still turns. Without a service manager nothing is told to nobody.
 */

/** Sends one message to a local datagram socket; throws when nobody takes it. */
export type SendDatagram = (path: string, text: string) => void;

/** The variables of the environment that a service manager sets. */
export interface ServiceEnvironment {
  NOTIFY_SOCKET?: string | undefined;
  WATCHDOG_USEC?: string | undefined;
  WATCHDOG_PID?: string | undefined;
}

export class ServiceManager {
  readonly #socket: string | undefined;
  readonly #send: SendDatagram;
  #keepalive: NodeJS.Timeout | undefined;

  /** Takes its variables out of the environment, so that no child of the agent speaks for it. */
  constructor(environment: ServiceEnvironment, pid: number, send: SendDatagram) {
    this.#socket = environment.NOTIFY_SOCKET;
    this.#send = send;
    const interval = keepaliveMs(environment, pid);
    delete environment.NOTIFY_SOCKET;
    delete environment.WATCHDOG_USEC;
    delete environment.WATCHDOG_PID;
    if (interval !== undefined) this.#keepalive = setInterval(() => this.#tell('WATCHDOG=1'), interval).unref();
  }

  /** A policy is in force. `status` is one line for `systemctl status`. */
  ready(status: string): void {
    this.#tell('READY=1', `STATUS=${oneLine(status)}`);
  }

  /** Policies are loaded anew; `ready` follows, whatever came of it. */
  reloading(): void {
    this.#tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`);
  }

  stopping(reason: string): void {
    this.#tell('STOPPING=1', `STATUS=${oneLine(`Stopping: ${reason}.`)}`);
  }

  /** Tells nothing more. */
  end(): void {
    clearInterval(this.#keepalive);
    this.#keepalive = undefined;
  }

  #tell(...lines: readonly string[]): void {
    if (this.#socket === undefined) return;
    try {
      this.#send(this.#socket, lines.join('\n'));
    } catch {
      // A manager that does not listen now hears the next keepalive, or ends us: enforcement does not depend on it.
    }
  }
}

/** Half of what the manager waits for, in milliseconds; undefined where it does not wait for this process. */
function keepaliveMs({ WATCHDOG_USEC, WATCHDOG_PID }: ServiceEnvironment, pid: number): number | undefined {
  const patience = Number(WATCHDOG_USEC) / 1_000;
  if (!(patience > 0)) return undefined;
  if (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== pid) return undefined;
  return Math.max(1, Math.floor(patience / 2));
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}
