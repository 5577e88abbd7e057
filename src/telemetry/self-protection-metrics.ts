/** Whether the agent is protected, and what was tried against it, read at every scrape. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { SelfProtectionReport } from './control/reports.js';

/** What metrics read of self-protection. */
export interface SelfProtectionFacts {
  readonly status: SelfProtectionReport;
  /** By hook. */
  attempts(): Record<string, bigint>;
  /** Attempts that nobody was told of. */
  lost(): bigint;
}

export function registerSelfProtectionMetrics(registry: Registry, self: SelfProtectionFacts): void {
  new Gauge({
    name: 'portcullis_self_protection',
    help: '1 while others are kept from ending the agent; 0 also while an operator has unlocked it.',
    registers: [registry],
    collect() {
      this.set(self.status.is === 'on' ? 1 : 0);
    },
  });
  new Counter({
    name: 'portcullis_tamper_total',
    help: 'Attempts to end or trace the agent or to get at what it keeps in the kernel, let through ones included. Where its pins outlive it, since they were made.',
    labelNames: ['hook'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [hook, count] of Object.entries(self.attempts())) this.inc({ hook }, Number(count));
    },
  });
  new Counter({
    name: 'portcullis_tamper_records_lost_total',
    help: 'Attempts on the agent that are counted, and not in the log, because they were too many.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(Number(self.lost()));
    },
  });
}
