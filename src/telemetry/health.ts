/** Whether the agent is alive and whether it protects: what /healthz and /readyz answer. */
import { limits } from './limits.js';

/** `off`: an operator has switched enforcement off. */
export type Phase = 'starting' | 'ready' | 'off' | 'stopping';

export interface HealthAnswer {
  status: 200 | 503;
  body: Record<string, unknown>;
}

/** What of the log tells whether delivery goes on. */
export interface LogProgress {
  readonly stuckFor: number;
  readonly failure: { code: string; message: string } | undefined;
}

/** What of delivery itself does. */
export interface DeliveryProgress {
  /** Milliseconds since the kernel handed over the oldest records that are not safe; 0 when all are. */
  readonly waitingFor: number;
}

export class Health {
  readonly #log: LogProgress;
  #delivery: DeliveryProgress = { waitingFor: 0 };
  #phase: Phase = 'starting';
  #facts: Record<string, unknown> = {};

  constructor(log: LogProgress) {
    this.#log = log;
  }

  get phase(): Phase {
    return this.#phase;
  }

  enter(phase: Phase): void {
    this.#phase = phase;
  }

  /** From now on it is asked as well. */
  watchDelivery(delivery: DeliveryProgress): void {
    this.#delivery = delivery;
  }

  /** Facts for people who look at /readyz; later ones of the same name replace earlier ones. */
  state(facts: Record<string, unknown>): void {
    this.#facts = { ...this.#facts, ...facts };
  }

  /** Alive: the event loop answers, the log accepts lines, and records get there. Enforcement goes on even when this says 503. */
  live(): HealthAnswer {
    const patience = limits.stuckDelivery.value;
    const { waitingFor } = this.#delivery;
    const late = waitingFor > patience;
    const stuck = late || this.#log.stuckFor > patience;
    const failure = this.#log.failure;
    return {
      status: stuck ? 503 : 200,
      body: {
        status: stuck ? 'stuck' : 'ok',
        ...(failure && { log: failure }),
        ...(late && { delivery: { waiting_ms: Math.round(waitingFor) } }),
      },
    };
  }

  /** Ready: a policy is in force in the kernel. A refused reload does not end that. */
  readiness(): HealthAnswer {
    return { status: this.#phase === 'ready' ? 200 : 503, body: { status: this.#phase, ...this.#facts } };
  }
}
