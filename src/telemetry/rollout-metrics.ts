/** Metrics of the distribution of policies, read from the follower when a scrape asks. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { FollowerStatus } from '../rollout/follower/status.js';

/** What metrics read of the distribution of policies, at a scrape. */
export interface RolloutFacts {
  /** Whether a repository is set. */
  readonly configured: boolean;
  /** Of the follower; undefined while policies come from this host alone. */
  status(): FollowerStatus | undefined;
}

export function registerRolloutMetrics(registry: Registry, { configured, status }: RolloutFacts): void {
  const registers = [registry];
  new Gauge({
    name: 'portcullis_rollout_configured',
    help: '1 where `rollout.url` is set, whether or not its repository can be followed.',
    registers,
  }).set(configured ? 1 : 0);
  new Gauge({
    name: 'portcullis_rollout_target',
    help: 'Distributed policies by release and by the stage that reaches this host: 1 for the state each is in.',
    labelNames: ['policy', 'release', 'rollout_stage', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { policy, release, stage, state } of status()?.targets ?? []) {
        this.set({ policy, release: String(release), rollout_stage: String(stage), state }, 1);
      }
    },
  });
  new Gauge({
    name: 'portcullis_rollout_version',
    help: 'Version of the signed metadata that selected what is in force.',
    registers,
    collect() {
      this.set(status()?.active?.version ?? 0);
    },
  });
  new Gauge({
    name: 'portcullis_rollout_expires_timestamp_seconds',
    help: 'When the signature of a role of the repository ends.',
    labelNames: ['role'],
    registers,
    collect() {
      this.reset();
      for (const [role, at] of Object.entries(status()?.expires ?? {})) this.set({ role }, at / 1000);
    },
  });
  new Gauge({
    name: 'portcullis_rollout_last_success_timestamp_seconds',
    help: 'When the repository was last asked with success; 0 as long as it was not since the start.',
    registers,
    collect() {
      this.set((status()?.lastSuccess ?? 0) / 1000);
    },
  });
  new Counter({
    name: 'portcullis_rollout_polls_total',
    help: 'Questions to the repository, by result.',
    labelNames: ['poll'],
    registers,
    collect() {
      this.reset();
      for (const [poll, count] of Object.entries(status()?.polls ?? {})) this.inc({ poll }, count);
    },
  });
  new Counter({
    name: 'portcullis_rollout_problems_total',
    help: 'Questions to the repository that failed, by why: what was fetched is not trusted, or could not be fetched or kept.',
    labelNames: ['problem'],
    registers,
    collect() {
      this.reset();
      for (const [problem, count] of Object.entries(status()?.problems ?? {})) this.inc({ problem }, count);
    },
  });
  new Counter({
    name: 'portcullis_rollout_received_bytes_total',
    help: 'Bytes of answers of the repository.',
    registers,
    collect() {
      this.reset();
      this.inc(status()?.received ?? 0);
    },
  });
}
