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

export class Health {
  readonly #log: LogProgress;
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

  /** Facts for people who look at /readyz; later ones of the same name replace earlier ones. */
  state(facts: Record<string, unknown>): void {
    this.#facts = { ...this.#facts, ...facts };
  }

  /** Alive: the event loop answers, and the log accepts lines. Enforcement goes on even when this says 503. */
  live(): HealthAnswer {
    const stuck = this.#log.stuckFor > limits.stuckDelivery.value;
    const failure = this.#log.failure;
    return {
      status: stuck ? 503 : 200,
      body: { status: stuck ? 'stuck' : 'ok', ...(failure && { log: failure }) },
    };
  }

  /** Ready: a policy is in force in the kernel. A refused reload does not end that. */
  readiness(): HealthAnswer {
    return { status: this.#phase === 'ready' ? 200 : 503, body: { status: this.#phase, ...this.#facts } };
  }
}
