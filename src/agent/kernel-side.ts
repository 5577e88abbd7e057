/** Everything that hangs on a session with the kernel: what is in force, records on their way to the log, safeguards and losses. */
import { LiveJudge } from '../events/live-judge.js';
import { EventMaker, type EventMakerParts } from '../events/maker.js';
import type { KernelSession, RecordBatch } from '../kernel/types.js';
import type { Rule } from '../policy/ruleset.js';
import { FileHasher } from '../rules/hasher.js';
import type { ProcessReport } from '../telemetry/control/reports.js';
import { limits as telemetryLimits } from '../telemetry/limits.js';
import { establishedExecutables, runningExecutables } from './breaker-established.js';
import { Delivery } from './delivery.js';
import { Enforcement, type EnforcementParts } from './enforcement.js';
import type { Foundation } from './foundation.js';
import { hostKey, keptImage } from './kept-image.js';
import { type Losses, LossWatch } from './losses.js';
import type { Prepared } from './policies.js';
import { processReports } from './process-reports.js';
import { Safeguards } from './safeguards.js';
import { Sweeper } from './sweep.js';

export class KernelSide {
  readonly session: KernelSession;
  readonly delivery: Delivery;
  readonly enforcement: Enforcement;
  readonly sweeper: Sweeper;
  readonly losses: LossWatch;
  readonly safeguards: Safeguards;
  readonly #foundation: Foundation;
  /** Whether the kernel was told of executables before it was known which of them rules name. */
  #named: 'told-apart' | 'not-told-apart' = 'told-apart';

  /** After the self-test, which must be acted on and is nobody's business. `lost`: what was, before this agent came. */
  constructor(session: KernelSession, foundation: Foundation, lost: Losses) {
    this.session = session;
    this.#foundation = foundation;
    const { metrics, log } = foundation;
    const parts = this.#makerParts();
    this.delivery = this.#makeDelivery(parts);
    foundation.health.watchDelivery(this.delivery);
    this.sweeper = this.#makeSweeper(parts);
    metrics.watchKernel(session);
    this.losses = new LossWatch(session, log, lost);
    this.enforcement = this.#makeEnforcement();
    this.safeguards = this.#makeSafeguards();
    foundation.spares = (pid) => this.safeguards.spares(pid);
    metrics.watchBreaker(() => this.safeguards.breaker.tripped);
  }

  /** Records come from now on. */
  listen(): void {
    this.session.start((batch) => this.delivery.accept(this.#noted(batch)));
  }

  /** Tells the kernel what ran here before the policy did. */
  async establish({ ruleset: { rules } }: Prepared): Promise<void> {
    const { established, named } = await establishedExecutables(this.processReports(rules));
    this.session.establish(established, this.#named === 'not-told-apart' ? named : []);
    const text = `${established.length} programs run here that no rule names.`;
    this.#foundation.log.debug('established', text, { executables: established.length });
  }

  /** The same before it is known what rules name: all of them. */
  establishRunning(): void {
    this.session.establish(runningExecutables());
    this.#named = 'not-told-apart';
  }

  processReports(rules: readonly Rule[]): AsyncIterable<ProcessReport> {
    const { processes, scene, rules: engine, world } = this.#foundation;
    return processReports({
      tree: processes,
      scene,
      engine,
      rules,
      modeOf: (rule) => this.enforcement.modesOf(rule).mode,
      bootTime: () => world.bootTime(),
    });
  }

  /** Timers; what is in force stays. */
  endWatches(): void {
    this.losses.end();
    this.safeguards.end();
  }

  /** Every exec counts for the lineage of processes; one that the shadow only mentions is nobody else's business. */
  #noted(batch: RecordBatch): RecordBatch {
    const { history, shadow } = this.#foundation;
    for (const record of batch.records) history.remember(record);
    shadow.see(batch.records);
    this.safeguards.breaker.see(batch.records);
    return { ...batch, records: batch.records.filter(({ shadow, verdict }) => !shadow || verdict !== 'none') };
  }

  #makerParts(): EventMakerParts {
    const { world, images, scene, rules, scrubber } = this.#foundation;
    return {
      version: world.version,
      tier: this.session.choice.tier,
      bootId: this.session.bootId,
      images,
      ...scene,
      engine: rules,
      scrubber,
    };
  }

  #makeDelivery(parts: EventMakerParts): Delivery {
    const { clock, log, journal, sink, metrics, events, tally } = this.#foundation;
    return new Delivery({
      maker: new EventMaker(parts),
      clock,
      log,
      sink: journal ?? sink,
      metrics,
      hasher: new FileHasher(),
      onEvent: (event, json) => {
        events.add(event, json);
        tally.add(event);
      },
      pendingLimit: telemetryLimits.pendingLog.value,
    });
  }

  #makeSweeper(parts: EventMakerParts): Sweeper {
    const { scene, world, clock, log } = this.#foundation;
    const { processes, cgroups } = scene;
    return new Sweeper({
      judge: new LiveJudge(parts),
      sources: { processes, cgroups, now: () => world.bootTime() },
      clock,
      // what is only outside the canary is judged, and not acted on
      isProtected: (pid) => pid === world.pid || world.processes.isProtected(pid),
      log,
      deliver: (made) => this.delivery.acceptMade(made),
    });
  }

  #makeEnforcement(): Enforcement {
    const foundation = this.#foundation;
    const { images, rules, processes, history, log, metrics, health, world, modes } = foundation;
    const parts: EnforcementParts = {
      session: this.session,
      images,
      rules,
      processes,
      history,
      log,
      metrics,
      health,
      bootTime: () => world.bootTime(),
      onUnseen: () => foundation.config.onUnseen,
      onModes: (policy) => foundation.selfGuard.follow(policy),
      onActive: (inForce) => {
        const from = { version: world.version, host: hostKey(world.hostId()), bootId: this.session.bootId };
        foundation.imageCache?.keep(keptImage(inForce, from));
      },
      sweep: {
        begin: (image, generation) => this.sweeper.begin(foundation.config.sweep, image, generation),
        end: () => this.sweeper.end(),
      },
    };
    return new Enforcement(parts, modes);
  }

  #makeSafeguards(): Safeguards {
    const { world, log, config } = this.#foundation;
    const { launcher } = world;
    const inForce = () => this.enforcement.inForce;
    const safeguards = new Safeguards({
      session: this.session,
      log,
      ...(launcher !== undefined && { launcher }),
      rules: () => inForce()?.image.rules ?? [],
      generation: () => inForce()?.generation ?? 0n,
    });
    safeguards.use(config);
    return safeguards;
  }
}
