/** What an operator may see and do of a running agent: the other end of the control socket. */
import type { KernelSession } from '../kernel/types.js';
import type { EventFilter, WantedMode } from '../telemetry/control/protocol.js';
import type { RecentEvents } from '../telemetry/control/recent-events.js';
import type {
  ProcessReport,
  RolloutReport,
  RuleReport,
  SafetyReport,
  SelfProtectionReport,
  StatusReport,
  TopReport,
} from '../telemetry/control/reports.js';
import { type ControlTarget, type Peer, peerText } from '../telemetry/control/target.js';
import type { Health } from '../telemetry/health.js';
import type { Journal } from '../telemetry/journal/index.js';
import type { Metrics, ReloadResult } from '../telemetry/metrics.js';
import type { LineSink } from '../telemetry/sink.js';
import type { Delivery } from './delivery.js';
import type { Enforcement } from './enforcement.js';
import type { EventTally } from './event-tally.js';
import { lossesOf } from './losses.js';
import type { RulePlace } from './policies.js';

export interface OperatorParts {
  version: string;
  pid: number;
  url: string;
  startedAt: Date;
  session: KernelSession;
  enforcement: Enforcement;
  delivery: Delivery;
  health: Health;
  metrics: Metrics;
  sink: LineSink;
  journal: Pick<Journal, 'counts'> | undefined;
  events: RecentEvents;
  tally: EventTally;
  /** Of distributed policies; undefined where no repository is configured. */
  rollout(): RolloutReport | undefined;
  safety(): SafetyReport;
  /** Throws ControlError `not-protected`. */
  unlock(seconds: number, by: string): SelfProtectionReport;
  processes(): AsyncIterable<ProcessReport>;
  /** Runs one change after the other, with starts, reloads and the stop. */
  inTurn<Result>(act: () => Promise<Result>): Promise<Result>;
  /** Takes its own turn. */
  reload(by: string): Promise<ReloadResult>;
}

export class Operator implements ControlTarget {
  readonly #parts: OperatorParts;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
  }

  status(): StatusReport {
    const { version, pid, url, startedAt, session, enforcement, health, sink, delivery, journal } = this.#parts;
    const { inForce } = enforcement;
    const counters = session.counters();
    const { tier, cannot, refused } = session.choice;
    const rings = session.rings();
    const { lastReload } = health.readiness().body;
    const rollout = this.#parts.rollout();
    return {
      version,
      pid,
      url,
      phase: health.phase,
      startedAt: startedAt.toISOString(),
      uptimeSeconds: Math.round((Date.now() - startedAt.getTime()) / 1_000),
      enforcement: this.#switch(),
      tier: { name: tier, cannot, refused },
      ...(inForce !== undefined && {
        image: {
          hash: inForce.image.hash,
          generation: Number(inForce.generation),
          bytes: inForce.image.bytes.length,
          activatedAt: inForce.since.toISOString(),
        },
      }),
      ...(typeof lastReload === 'string' && { lastReload }),
      ...(rollout !== undefined && { rollout }),
      safety: this.#parts.safety(),
      rules: this.#rules(),
      policyErrors: inForce?.prepared.ruleset.diagnostics.filter(({ severity }) => severity === 'error').length ?? 0,
      execs: Number(counters.exec ?? 0n),
      verdicts: verdictsOf(counters),
      lost: this.#lost(),
      lag: {
        ringBytes: sum(rings.map(({ produced, consumed }) => Number(produced - consumed))),
        ringSizeBytes: sum(rings.map(({ size }) => size)),
        records: delivery.waiting,
        logBytes: sink.pendingBytes,
        journalBytes: journal?.counts.undelivered ?? 0,
      },
      memory: {
        residentBytes: process.memoryUsage.rss(),
        kernelBytes: sum(session.memory().map(({ bytes }) => bytes)),
      },
    };
  }

  top(): TopReport {
    const { session, tally } = this.#parts;
    const counters = session.counters();
    return {
      now: performance.now(),
      execs: Number(counters.exec ?? 0n),
      verdicts: verdictsOf(counters),
      lost: sum(Object.values(this.#lost())),
      rules: this.#rules().map(({ id, mode, matches }) => ({ id, mode, matches })),
      programs: session.programs().map(({ name, runCount, runTimeNs }) => {
        return { name, runs: Number(runCount), nanoseconds: Number(runTimeNs) };
      }),
      slowest: tally.slowest(),
    };
  }

  metrics(): Promise<string> {
    return this.#parts.metrics.text();
  }

  processes(): AsyncIterable<ProcessReport> {
    return this.#parts.processes();
  }

  async *events(filter: EventFilter): AsyncIterable<string> {
    yield* this.#parts.events.matching(filter);
  }

  follow(filter: EventFilter, onEvent: (line: string) => void): () => void {
    return this.#parts.events.follow(filter, onEvent);
  }

  off(by: Peer): Promise<void> {
    const { inTurn, enforcement } = this.#parts;
    return inTurn(() => enforcement.off(peerText(by)));
  }

  on(by: Peer): Promise<void> {
    const { inTurn, enforcement } = this.#parts;
    return inTurn(() => enforcement.on(peerText(by)));
  }

  setMode(rule: string, mode: WantedMode, by: Peer): Promise<RuleReport> {
    const { inTurn, enforcement } = this.#parts;
    return inTurn(async () => this.#rule(enforcement.setMode(rule, mode, peerText(by))));
  }

  unlock(seconds: number, by: Peer): SelfProtectionReport {
    return this.#parts.unlock(seconds, peerText(by));
  }

  reload(by: Peer): Promise<ReloadResult> {
    return this.#parts.reload(peerText(by));
  }

  /** By reason; a record can be lost in one way only. */
  #lost(): Record<string, number> {
    const { session, delivery, journal } = this.#parts;
    const overtaken = journal?.counts.overtaken ?? 0;
    const damaged = journal?.counts.damaged ?? 0;
    return { ...lossesOf(session.counters()), malformed: delivery.counts.malformed, overtaken, damaged };
  }

  #switch(): StatusReport['enforcement'] {
    const state = this.#parts.enforcement.switch;
    return state.is === 'on' ? state : { is: 'off', since: state.since.toISOString(), by: state.by };
  }

  #rules(): RuleReport[] {
    return (this.#parts.enforcement.inForce?.image.places ?? []).map((place) => this.#rule(place));
  }

  #rule({ rule, place, why }: RulePlace): RuleReport {
    const { enforcement, tally } = this.#parts;
    const { id, event, policy } = rule;
    const { mode, policyMode } = enforcement.modesOf(rule);
    return { id, policy: policy.name, event, mode, policyMode, place, why, matches: tally.matches(id) };
  }
}

/** The kernel's count, by the words of events. */
function verdictsOf(counters: Record<string, bigint>): Record<string, number> {
  const of = (name: string) => Number(counters[name] ?? 0n);
  return {
    refuse: of('refused'),
    kill: of('killed'),
    report: of('reported'),
    unknown: of('unknown'),
    unseen: of('unseen'),
    protected: of('protected'),
    would: of('would'),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
