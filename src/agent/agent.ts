/**
 * The life of the agent: a session with the kernel that has been proved, a policy image in force, records on their way
 * to the log, and an orderly end. It owns the parts and says in which order they come and go.
 */
import type { KernelSession } from '../kernel/types.js';
import type { ControlServer } from '../telemetry/control/server.js';
import type { ReloadResult } from '../telemetry/metrics.js';
import { TelemetryServer } from '../telemetry/server.js';
import type { FileSink } from '../telemetry/sink.js';
import { bringIntoForce } from './beginning.js';
import type { Config } from './config.js';
import { isLoopback } from './config-values.js';
import { openControl } from './control-socket.js';
import { abandon, leaveInOrder, sayStopped } from './ending.js';
import { Foundation } from './foundation.js';
import { KernelSide } from './kernel-side.js';
import { limits } from './limits.js';
import { lossesBefore } from './losses.js';
import type { OperatorParts } from './operator.js';
import { sayTakeOver } from './pins.js';
import type { Prepared } from './policies.js';
import { PolicySource } from './policy-source.js';
import { Reloader } from './reload.js';
import { sentenceOf } from './sentence.js';
import type { StopSummary } from './stop-summary.js';
import { Turns } from './turns.js';
import { withinTime } from './within-time.js';
import type { AgentWorld } from './world.js';

export class Agent {
  readonly #foundation: Foundation;
  readonly #policies: PolicySource;
  readonly #turns = new Turns(() => this.#tellStatus());
  #server: TelemetryServer | undefined;
  #control: ControlServer | undefined;
  #session: KernelSession | undefined;
  #kernel: KernelSide | undefined;
  #reloader: Reloader | undefined;
  #stopped: Promise<StopSummary> | undefined;
  /** Where the kernel decided before this agent came, a failed start must not change that. */
  #before: 'nothing' | 'adopted' = 'nothing';

  private constructor(config: Config, world: AgentWorld, sink: FileSink) {
    this.#foundation = new Foundation(config, world, sink);
    this.#policies = new PolicySource(this.#foundation);
  }

  /**
   * Resolves when a policy is in force. Rejects with an error whose message says what to do; nothing is attached then.
   * The sink stays the caller's, who closes it after `stop`.
   */
  static async start(config: Config, world: AgentWorld, sink: FileSink): Promise<Agent> {
    const agent = new Agent(config, world, sink);
    try {
      await agent.#start();
      return agent;
    } catch (error) {
      await agent.#abandon(error);
      throw error;
    }
  }

  /** Where metrics are served. */
  get url(): string {
    return this.#server!.url;
  }

  /** What is in force, for whoever waits for it. */
  get status(): Record<string, unknown> {
    const { world, health } = this.#foundation;
    return { pid: world.pid, url: this.url, ...health.readiness().body };
  }

  /** The same in one line for people. */
  get summary(): string {
    const { tier, rules, generation, lastReload } = this.status;
    const reload = lastReload === undefined ? '' : ` Last reload: ${lastReload}.`;
    const decides = this.#kernel?.enforcement.switch;
    if (decides?.is === 'off') return `Enforcement is switched off by ${decides.by}: nothing is decided.${reload}`;
    return `Tier ${tier}, ${rules} rules in force, generation ${generation}.${reload}`;
  }

  /**
   * Loads the policies again and swaps the image; the service manager knows meanwhile. On any failure the old image stays in force and the
   * log says why; this never rejects.
   */
  async reload(): Promise<ReloadResult> {
    const { manager } = this.#foundation.world;
    if (this.#stopped !== undefined) return 'refused';
    manager?.reloading();
    return this.#turns.take(async () => {
      // that it stops was told meanwhile
      if (this.#stopped !== undefined) return 'refused';
      const result = await this.#reloader!.reload();
      if (this.#stopped === undefined) manager?.ready(this.summary);
      return result;
    });
  }

  /**
   * Takes everything off the kernel, brings what it still had to the log, and says what was lost. Only acts once. Rejects where something
   * could not be closed, when the log has that.
   */
  stop(reason: string): Promise<StopSummary> {
    this.#stopped ??= this.#turns.take(() => this.#stop(reason));
    return this.#stopped;
  }

  /** After each change. */
  #tellStatus(): void {
    if (this.#stopped === undefined) this.#foundation.world.manager?.status(this.summary);
  }

  async #start(): Promise<void> {
    const foundation = this.#foundation;
    const { config, metrics, health, log, journal } = foundation;
    // Before anything is attached: an occupied port is found without touching the kernel.
    this.#server = await TelemetryServer.listen(config.listen, { metrics, health });
    const session = await this.#openSession();
    this.#sayListening();
    const { outcome, milliseconds } = await session.selfTest();
    log.info('self-test', `The self-test exec was ${outcome}.`, { outcome, milliseconds });

    const before = session.takeOver();
    sayTakeOver(log, before);
    if (before.is === 'adopted') this.#before = 'adopted';
    const kernel = new KernelSide(session, foundation, lossesBefore(before));
    this.#kernel = kernel;
    this.#reloader = new Reloader(foundation, kernel, this.#policies);
    // Not waited for: a disk that hangs must not keep a policy from coming into force.
    void journal?.open();
    const prepared = await bringIntoForce(foundation, kernel, before, async () => {
      await this.#policies.openRollout();
      return this.#policies.prepareFirst();
    });
    this.#sayRefusedFiles(prepared);
    this.#control = await openControl(foundation, this.#operatorParts(kernel));
    this.#foundation.selfGuard.opened();
    health.enter('ready');
    metrics.ready('ready');
    log.info('ready', 'The policy is in force.', this.status);
    this.#policies.follow(kernel.enforcement, this.#turns);
  }

  async #openSession(): Promise<KernelSession> {
    const { config, world, log, health } = this.#foundation;
    const { tier: wanted, pins } = config;
    this.#foundation.selfGuard.open();
    const cgroups = world.cgroupHierarchy?.() ?? 'default';
    const session = await world.openSession({
      agentPid: world.pid,
      cgroups,
      ...(wanted !== undefined && { tier: wanted }),
      ...(pins.directory.at === 'path' && { pins: pins.directory.path }),
    });
    this.#session = session;
    const { choice, bootId } = session;
    const { tier, cannot, refused } = choice;
    const text = cannot.length === 0 ? `Tier ${tier}.` : `Tier ${tier}: ${cannot.join(' ')}`;
    log.info('tier', text, { tier, cannot, refused, version: world.version, pid: world.pid, bootId });
    health.state({ tier, cannot });
    if (cgroups === 'unknown') {
      const text = '/sys/fs/cgroup is not the default hierarchy (cgroup2): rules that ask for containers are unknown.';
      log.warn('cgroups-unknown', text);
    }
    return session;
  }

  #sayListening(): void {
    const { log, config } = this.#foundation;
    log.info('listening', `Metrics and health are served at ${this.url}.`, { url: this.url });
    if (isLoopback(config.listen)) return;
    log.warn('listening-widely', `${this.url} can be reached from other hosts and asks for no password.`);
  }

  #sayRefusedFiles({ refusedFiles }: Prepared): void {
    for (const file of refusedFiles) {
      this.#foundation.log.error('policy-diagnostic', `Nothing of ${file} is in force.`, { file });
    }
  }

  #operatorParts(kernel: KernelSide): OperatorParts {
    const { session, enforcement, delivery, safeguards } = kernel;
    const { world, startedAt, health, metrics, sink, journal, events, tally, log, selfGuard } = this.#foundation;
    return {
      version: world.version,
      pid: world.pid,
      url: this.url,
      startedAt,
      session,
      enforcement,
      delivery,
      health,
      metrics,
      sink,
      journal,
      events,
      tally,
      rollout: () => this.#policies.rolloutReport,
      safety: () => ({ ...safeguards.status, selfProtection: selfGuard.status }),
      unlock: (seconds, by) => selfGuard.unlock(seconds, by),
      processes: () => kernel.processReports(enforcement.inForce?.prepared.ruleset.rules ?? []),
      inTurn: (act) => this.#turns.take(act),
      reload: (by) => {
        log.info('reload-asked', `A reload is asked for by ${by}.`, { by });
        return this.reload();
      },
    };
  }

  async #stop(reason: string): Promise<StopSummary> {
    const { health, metrics, log, sink } = this.#foundation;
    health.enter('stopping');
    metrics.ready('not-ready');
    log.info('stopping', `Stopping: ${reason}.`, { reason });
    let summary: StopSummary;
    try {
      this.#kernel!.endWatches();
      this.#policies.end();
      summary = await leaveInOrder(this.#foundation, this.#kernel!);
    } catch (error) {
      log.error('stop-failed', `Not everything could be taken off the kernel in order. ${sentenceOf(error)}`);
      await withinTime(limits.stopTime.value, () => sink.flushed());
      throw error;
    } finally {
      // what is still open keeps the process from its end
      await this.#server?.close();
      await this.#control?.close();
    }
    await sayStopped(this.#foundation, summary);
    return summary;
  }

  /** A start that failed: nothing of it stays. */
  async #abandon(reason: unknown): Promise<void> {
    const { log, journal, sink } = this.#foundation;
    this.#kernel?.endWatches();
    this.#policies.end();
    log.error('cannot-start', sentenceOf(reason));
    await abandon(this.#foundation, {
      ...(this.#session !== undefined && { session: this.#session }),
      ...(this.#kernel !== undefined && { kernel: this.#kernel }),
      before: this.#before,
    });
    await journal?.close();
    await this.#server?.close();
    await this.#control?.close();
    await withinTime(limits.stopTime.value, () => sink.flushed());
  }
}
