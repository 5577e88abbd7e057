/**
 * What the agent tells systemd (sd_notify(3)): that a policy is in force, that it loads one anew, that it stops, and, where
 * the unit asks for it, that its event loop still turns. Without a service manager nothing is told to nobody.
 */

import { limits } from './limits.js';

/** Sends one message to a local datagram socket; throws when nobody takes it. */
export type SendDatagram = (path: string, text: string) => void;

/** The variables of the environment that a service manager sets. */
export interface ServiceEnvironment {
  NOTIFY_SOCKET?: string | undefined;
  WATCHDOG_USEC?: string | undefined;
  WATCHDOG_PID?: string | undefined;
}

/** What the agent itself tells while it runs. */
export type AgentNews = Pick<ServiceManager, 'reloading' | 'ready' | 'status'>;

export class ServiceManager {
  readonly #socket: string | undefined;
  readonly #send: SendDatagram;
  /** Milliseconds after which an event loop that stands still is ended; undefined: it is not. */
  readonly #patience: number | undefined;
  #keepalive: NodeJS.Timeout | undefined;
  #status = '';

  /** Takes its variables out of the environment, so that no child of the agent speaks for it. */
  constructor(environment: ServiceEnvironment, pid: number, send: SendDatagram) {
    this.#socket = environment.NOTIFY_SOCKET;
    this.#send = send;
    this.#patience = patienceOf(environment, pid);
    delete environment.NOTIFY_SOCKET;
    delete environment.WATCHDOG_USEC;
    delete environment.WATCHDOG_PID;
    if (this.#patience === undefined) return;
    const interval = Math.max(1, Math.floor(this.#patience / 2));
    this.#keepalive = setInterval(() => this.#tell('WATCHDOG=1'), interval).unref();
  }

  /** A policy is in force. `status` is one line for `systemctl status`. */
  ready(status: string): void {
    this.#status = status;
    this.#tell('READY=1', `STATUS=${oneLine(status)}`);
  }

  /** The line for `systemctl status` as it is now; told where it is another. */
  status(status: string): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#tell(`STATUS=${oneLine(status)}`);
  }

  /** Policies are loaded anew; `ready` follows, whatever came of it. */
  reloading(): void {
    this.#tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`);
  }

  /**
   * Does a piece of work during which the event loop stands still: the manager waits `limits.standstill` for it, or as long as it waits
   * anyway, be it for the start or for its watchdog. On a slow host an agent would else be ended for work that it never gets to finish.
   */
  standstill<Result>(work: () => Result): Result {
    const patience = limits.standstill.value * 1_000;
    this.#tell(`EXTEND_TIMEOUT_USEC=${patience * 1_000}`);
    if (this.#patience === undefined) return work();
    this.#watch(Math.max(this.#patience, patience));
    try {
      return work();
    } finally {
      this.#watch(this.#patience);
    }
  }

  stopping(reason: string): void {
    this.#tell('STOPPING=1', `STATUS=${oneLine(`Stopping: ${reason}.`)}`);
  }

  /** Tells nothing more. */
  end(): void {
    clearInterval(this.#keepalive);
    this.#keepalive = undefined;
  }

  /** From now on the watchdog waits this many milliseconds for a turn of the event loop. */
  #watch(milliseconds: number): void {
    this.#tell(`WATCHDOG_USEC=${Math.round(milliseconds * 1_000)}`);
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

/** What the manager waits for this process, in milliseconds; undefined where it does not wait for it. */
function patienceOf({ WATCHDOG_USEC, WATCHDOG_PID }: ServiceEnvironment, pid: number): number | undefined {
  const patience = Number(WATCHDOG_USEC) / 1_000;
  if (!(patience > 0)) return undefined;
  if (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== pid) return undefined;
  return patience;
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}
