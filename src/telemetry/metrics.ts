/**
 * Metrics in the Prometheus text format. Names begin with `portcullis_`, carry base units, and end in `_total` where
 * they only grow. What the kernel counts is read from it when a scrape asks, never copied in between.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ActionStatus, Decision } from '../events/decision.js';
import type { Stage, TierName, Verdict } from '../kernel/types.js';
import { type KernelFacts, registerKernelMetrics } from './kernel-metrics.js';
import { limits } from './limits.js';
import { PairTally } from './pair-tally.js';
import { type RolloutFacts, registerRolloutMetrics } from './rollout-metrics.js';
import { registerSelfProtectionMetrics, type SelfProtectionFacts } from './self-protection-metrics.js';

export type ReloadResult = 'done' | 'partial' | 'refused';

/** What is in force, for `image_info` and the gauges about it. */
export interface ImageFacts {
  hash: string;
  generation: bigint;
  bytes: number;
  /** Rules by the place where they are decided. */
  places: Readonly<Record<string, number>>;
  diagnostics: { errors: number; warnings: number };
}

/** What metrics read of the log, at a scrape. */
export interface LogFacts {
  readonly pendingBytes: number;
  readonly failures: number;
}

/** What metrics read of the journal, at a scrape. */
export interface JournalFacts {
  readonly counts: {
    readonly failures: number;
    readonly unwritten: number;
    readonly overtaken: number;
    readonly damaged: number;
    readonly bytes: number;
    readonly segments: number;
    readonly undelivered: number;
  };
}

/** Milliseconds between two samples that nobody reads: as long as a timer takes. */
const SELDOM_MS = 2 ** 31 - 1;

/** What metrics read of the rules of user space, at a scrape. */
export interface RuleFacts {
  readonly counts: { readonly unset: number; readonly forgotten: number; readonly bytes: number };
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #ruleLabels = new Set<string>();
  readonly #verdicts = this.#tally('verdicts_total', 'Events by verdict and by the stage that decided.', [
    'verdict',
    'stage',
  ]);
  readonly #matches = this.#tally('rule_matches_total', 'Events in which a rule held, by the verdict of the event.', [
    'rule',
    'verdict',
  ]);
  readonly #candidates = this.#counter(
    'candidates_discarded_total',
    'Records for which user space found that no rule holds after all.',
  );
  readonly #suppressed = this.#counter(
    'events_suppressed_total',
    'Events that the rate limit of a rule kept back. What the rule does is not limited.',
    ['rule'],
  );
  readonly #actions = this.#tally(
    'rule_actions_total',
    'Enforcing actions of the deciding rules, by what became of them.',
    ['action', 'status'],
  );
  readonly #malformed = this.#counter('records_malformed_total', 'Records that could not be made into an event.');
  readonly #reloads = this.#counter('reloads_total', 'Attempts to put a new policy into force, by result.', ['result']);
  readonly #tier = this.#gauge('tier_info', 'The way into the kernel that is in use.', ['tier']);
  readonly #image = this.#gauge('image_info', 'The policy image in force.', ['hash', 'generation']);
  readonly #imageBytes = this.#gauge('image_bytes', 'Size of the policy image in force.');
  readonly #rules = this.#gauge('rules', 'Rules in force, by the place where they are decided.', ['place']);
  readonly #switchedOff = this.#gauge('switched_off', '1 while an operator has switched enforcement off.');
  readonly #diagnostics = this.#gauge('policy_diagnostics', 'Diagnostics of the policies in force.', ['severity']);
  readonly #activated = this.#gauge('image_activation_timestamp_seconds', 'When the image in force became active.');
  readonly #ready = this.#gauge('ready', '1 when a policy is in force and the tier has been proved.');
  readonly #delay = new Histogram({
    name: 'portcullis_delivery_seconds',
    help: 'Time from the decision in the kernel until the event was safe: in the journal, or in the log where there is none.',
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60],
    registers: [this.#registry],
  });

  constructor(version: string) {
    this.#observeProcess();
    this.#gauge('build_info', 'The version that runs.', ['version']).set({ version }, 1);
    for (const result of ['done', 'partial', 'refused'] as const) this.#reloads.inc({ result }, 0);
    this.#ready.set(0);
    this.#switchedOff.set(0);
  }

  /** Node's own metrics. What samples the event loop is left out: its timer would wake an idle agent a hundred times a second. */
  #observeProcess(): void {
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: SELDOM_MS });
    for (const part of ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'])
      this.#registry.removeSingleMetric(`nodejs_eventloop_lag_${part}_seconds`);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of a scrape. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** What there is, without values. */
  describe(): { name: string; type: string; help: string; labels: readonly string[] }[] {
    return this.#registry.getMetricsAsArray().map((metric) => {
      const { name, help, type } = metric as typeof metric & { name: string; help: string; type: unknown };
      const { labelNames = [] } = metric as typeof metric & { labelNames?: readonly string[] };
      return { name, help, type: String(type), labels: labelNames };
    });
  }

  watchKernel(session: KernelFacts): void {
    this.#tier.set({ tier: session.choice.tier }, 1);
    registerKernelMetrics(this.#registry, session);
  }

  /** `tripped`: rules in force that were taken for a mistake, at a scrape. */
  watchBreaker(tripped: () => readonly { rule: string }[]): void {
    new Gauge({
      name: 'portcullis_breaker_tripped',
      help: '1 for a rule that has acted on too many programs which ran before it, and acts on those no more.',
      labelNames: ['rule'],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { rule } of tripped().slice(0, limits.ruleLabels.value)) this.set({ rule }, 1);
      },
    });
  }

  watchSelfProtection(self: SelfProtectionFacts): void {
    registerSelfProtectionMetrics(this.#registry, self);
  }

  watchLog(log: LogFacts): void {
    this.#collected('log_write_failures_total', 'Writes to the log that failed, repeated ones included.', () => {
      return log.failures;
    });
    new Gauge({
      name: 'portcullis_log_pending_bytes',
      help: 'Bytes that the log has not accepted yet.',
      registers: [this.#registry],
      collect() {
        this.set(log.pendingBytes);
      },
    });
  }

  watchRollout(rollout: RolloutFacts): void {
    registerRolloutMetrics(this.#registry, rollout);
  }

  watchJournal(journal: JournalFacts): void {
    this.#collected('journal_write_failures_total', 'Writes to the journal that failed.', () => {
      return journal.counts.failures;
    });
    const lost = ['unwritten', 'overtaken', 'damaged'] as const;
    new Counter({
      name: 'portcullis_journal_lines_lost_total',
      help: 'Lines that the journal did not keep: unwritten went to the log alone, overtaken had to go or could not be read back before the log took them, damaged are cut off or altered.',
      labelNames: ['reason'],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const reason of lost) this.inc({ reason }, journal.counts[reason]);
      },
    });
    this.#measured('journal_bytes', 'Bytes of the journal on the disk.', () => journal.counts.bytes);
    this.#measured('journal_segments', 'Files of the journal.', () => journal.counts.segments);
    this.#measured('journal_undelivered_bytes', 'Bytes of the journal that the log has not accepted yet.', () => {
      return journal.counts.undelivered;
    });
  }

  imageActive(facts: ImageFacts): void {
    this.#image.reset();
    this.#image.set({ hash: facts.hash, generation: facts.generation.toString() }, 1);
    this.#imageBytes.set(facts.bytes);
    this.#rules.reset();
    for (const [place, count] of Object.entries(facts.places)) this.#rules.set({ place }, count);
    this.#diagnostics.set({ severity: 'error' }, facts.diagnostics.errors);
    this.#diagnostics.set({ severity: 'warning' }, facts.diagnostics.warnings);
    this.#activated.setToCurrentTime();
  }

  ready(state: 'ready' | 'not-ready'): void {
    this.#ready.set(state === 'ready' ? 1 : 0);
  }

  /** `off`: an operator has switched enforcement off. */
  switched(to: 'on' | 'off'): void {
    this.#switchedOff.set(to === 'off' ? 1 : 0);
  }

  reload(result: ReloadResult): void {
    this.#reloads.inc({ result });
  }

  /** Rules whose limit kept an event back. */
  suppressed(rules: readonly string[]): void {
    for (const rule of rules) this.#suppressed.inc({ rule: this.#ruleLabel(rule) });
  }

  action(action: 'deny' | 'kill', status: ActionStatus): void {
    this.#actions.add(action, status);
  }

  watchRules(rules: RuleFacts): void {
    this.#collected('variables_unset_total', 'Values that a set action could not store.', () => rules.counts.unset);
    this.#collected(
      'variables_forgotten_total',
      'Processes, containers and control groups whose variables were forgotten for want of room.',
      () => rules.counts.forgotten,
    );
    new Gauge({
      name: 'portcullis_variables_bytes',
      help: 'Bytes of the variables of processes, containers and control groups.',
      registers: [this.#registry],
      collect() {
        this.set(rules.counts.bytes);
      },
    });
  }

  event(stage: Stage | 'exit' | 'sweep', { verdict, matched }: Decision): void {
    this.#verdicts.add(verdict, stage);
    for (const { rule } of matched) this.#matches.add(this.#ruleLabel(rule.id), verdict);
  }

  candidateDiscarded(): void {
    this.#candidates.inc();
  }

  recordMalformed(): void {
    this.#malformed.inc();
  }

  delivered(seconds: number): void {
    this.#delay.observe(Math.max(0, seconds));
  }

  /** A label that stays within its number of values however many rules come and go by reloads. */
  #ruleLabel(id: string): string {
    if (this.#ruleLabels.has(id)) return id;
    if (this.#ruleLabels.size >= limits.ruleLabels.value) return 'other';
    this.#ruleLabels.add(id);
    return id;
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Counter<Label> {
    return new Counter({ name: `portcullis_${name}`, help, labelNames, registers: [this.#registry] });
  }

  /** For what is counted with every event. */
  #tally(name: string, help: string, labelNames: readonly [string, string]): PairTally {
    const tally = new PairTally();
    const [first, second] = labelNames;
    new Counter({
      name: `portcullis_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [one, other, count] of tally.entries()) this.inc({ [first]: one, [second]: other }, count);
      },
    });
    return tally;
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Gauge<Label> {
    return new Gauge({ name: `portcullis_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #measured(name: string, help: string, read: () => number): void {
    new Gauge({
      name: `portcullis_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  #collected(name: string, help: string, read: () => number): void {
    new Counter({
      name: `portcullis_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }
}

export type { TierName, Verdict };
