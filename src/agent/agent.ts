/**
 * The life of the agent: a session with the kernel that has been proved, a policy image in force, records on their way
 * to the log, and an orderly end. It owns the parts and wires them; each part is a file of its own.
 */
import { readFileSync } from 'node:fs';
import { CgroupPaths } from '../events/cgroups.js';
import { AlignedClock } from '../events/clock.js';
import { ImageHistory } from '../events/image.js';
import { LiveJudge } from '../events/live-judge.js';
import { EventMaker, type EventMakerParts } from '../events/maker.js';
import { ProcessTree } from '../events/processes.js';
import { ProgramHistory } from '../events/program-history.js';
import type { SceneParts } from '../events/scene.js';
import { Scrubber } from '../events/scrub/scrubber.js';
import { groupNames, UserNames } from '../events/users.js';
import type { PeerCredentials } from '../kernel/addon.js';
import type { KernelSession, OpenSession, RecordBatch } from '../kernel/types.js';
import type { PolicyFile } from '../policy/parse-file.js';
import type { Mode, Rule } from '../policy/ruleset.js';
import type { Cgroups } from '../rules/cgroup-kill/cgroup.js';
import { ScopeKiller } from '../rules/cgroup-kill/scope-killer.js';
import { UserSpaceRules } from '../rules/engine.js';
import { FileHasher } from '../rules/hasher.js';
import type { Processes } from '../rules/kill.js';
import { RecentEvents } from '../telemetry/control/recent-events.js';
import type { ProcessReport } from '../telemetry/control/reports.js';
import { ControlServer } from '../telemetry/control/server.js';
import { type Peer, peerText } from '../telemetry/control/target.js';
import { Health } from '../telemetry/health.js';
import type { Journal } from '../telemetry/journal/index.js';
import { limits as telemetryLimits } from '../telemetry/limits.js';
import { AgentLog } from '../telemetry/log.js';
import { Metrics, type ReloadResult } from '../telemetry/metrics.js';
import { TelemetryServer } from '../telemetry/server.js';
import type { FileSink } from '../telemetry/sink.js';
import { establishedExecutables } from './breaker-established.js';
import type { Config } from './config.js';
import type { ConfigChange } from './config-follow.js';
import { isLoopback } from './config-values.js';
import { Delivery } from './delivery.js';
import { Enforcement } from './enforcement.js';
import { eventJournal } from './event-journal.js';
import { EventTally } from './event-tally.js';
import { limits } from './limits.js';
import { LossWatch, lossesOf } from './losses.js';
import { Operator } from './operator.js';
import { sayStop, sayTakeOver } from './pins.js';
import { PolicyError, type PolicyOrigin, type PolicyWorkshop, type Prepared, preparePolicies } from './policies.js';
import { logDiagnostics } from './policy-log.js';
import { processReports } from './process-reports.js';
import { Rollout } from './rollout.js';
import { Safeguards } from './safeguards.js';
import { ShadowWatch } from './shadow-watch.js';
import { sparing } from './spared-processes.js';
import { type StopSummary, stopText } from './stop-summary.js';
import { Sweeper } from './sweep.js';
import { withinTime } from './within-time.js';

/** What the agent needs of the world; tests give their own. */
export interface AgentWorld {
  version: string;
  pid: number;
  openSession: OpenSession;
  workshop: PolicyWorkshop;
  /** For kills after the event. */
  processes: Processes;
  /** For kills of more than a process. */
  cgroups: Cgroups;
  /** Nanoseconds since boot, suspended time included. */
  bootTime(): bigint;
  /** Who is at the other end of a local socket. */
  peerOf(descriptor: number): PeerCredentials;
  /** Whether container engines use the default hierarchy of cgroups here; absent: they do. */
  cgroupHierarchy?(): 'default' | 'unknown';
  /** What starts the command line. */
  launcher?: string;
  /** Reads the configuration again, for a reload; absent: it does not change. Throws ConfigError. */
  rereadConfig?(): ConfigChange;
}

export class Agent {
  #config: Config;
  readonly #world: AgentWorld;
  readonly #sink: FileSink;
  readonly #journal: Journal | undefined;
  readonly #scrubber: Scrubber;
  readonly #log: AgentLog;
  readonly #metrics: Metrics;
  readonly #health: Health;
  readonly #images = new ImageHistory();
  readonly #users = new UserNames();
  readonly #groups = groupNames();
  readonly #processes = new ProcessTree();
  readonly #history = new ProgramHistory();
  readonly #rules: UserSpaceRules;
  readonly #clock: AlignedClock;
  readonly #sceneParts: SceneParts;
  readonly #events = new RecentEvents();
  readonly #tally = new EventTally();
  readonly #startedAt = new Date();
  /** By rule, where an operator wants another mode than its policy's. */
  readonly #modes = new Map<string, Mode>();
  readonly #shadow = new ShadowWatch();
  #rollout: Rollout | undefined;
  #server: TelemetryServer | undefined;
  #control: ControlServer | undefined;
  #enforcement: Enforcement | undefined;
  #safeguards: Safeguards | undefined;
  #sweeper: Sweeper | undefined;
  #session: KernelSession | undefined;
  #delivery: Delivery | undefined;
  #losses: LossWatch | undefined;
  /** Start, reloads and stop, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #stopped: Promise<StopSummary> | undefined;
  /** The kernel decided before this agent came, and a failed start must not change that. */
  #adopted = false;

  private constructor(config: Config, world: AgentWorld, sink: FileSink) {
    this.#config = config;
    this.#world = world;
    this.#sink = sink;
    this.#scrubber = new Scrubber(config.scrub.patterns);
    this.#journal = eventJournal(config.journal, sink, () => this.#log);
    this.#log = new AgentLog(sink, config.log.level, this.#scrubber, this.#journal);
    this.#metrics = new Metrics(world.version);
    this.#metrics.watchLog(sink);
    if (this.#journal !== undefined) this.#metrics.watchJournal(this.#journal);
    const onUnknown = () => this.#config.onUnknown;
    const processes = sparing(world.processes, (pid) => this.#safeguards?.spares(pid) ?? false);
    this.#rules = new UserSpaceRules({
      get onUnknown() {
        return onUnknown();
      },
      processes,
      scopes: new ScopeKiller(processes, world.cgroups),
    });
    this.#metrics.watchRules(this.#rules);
    this.#clock = new AlignedClock(() => world.bootTime());
    this.#sceneParts = {
      clock: this.#clock,
      processes: this.#processes,
      cgroups: new CgroupPaths(),
      users: this.#users,
      groups: this.#groups,
    };
    this.#health = new Health(sink);
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
    return { pid: this.#world.pid, url: this.url, ...this.#health.readiness().body };
  }

  /** The same in one line for people. */
  get summary(): string {
    const { tier, rules, generation, lastReload } = this.status;
    const reload = lastReload === undefined ? '' : ` Last reload: ${lastReload}.`;
    return `Tier ${tier}, ${rules} rules in force, generation ${generation}.${reload}`;
  }

  /**
   * Loads the policies again and swaps the image. On any failure the old image stays in force and the log says why;
   * this never rejects.
   */
  reload(): Promise<ReloadResult> {
    return this.#inTurn(() => this.#reload());
  }

  /** Takes everything off the kernel, brings what it still had to the log, and says what was lost. Only acts once. */
  stop(reason: string): Promise<StopSummary> {
    this.#stopped ??= this.#inTurn(() => this.#stop(reason));
    return this.#stopped;
  }

  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #start(): Promise<void> {
    const { listen, tier } = this.#config;
    // Before anything is attached: an occupied port is found without touching the kernel.
    this.#server = await TelemetryServer.listen(listen, { metrics: this.#metrics, health: this.#health });
    const cgroups = this.#world.cgroupHierarchy?.() ?? 'default';
    const { directory } = this.#config.pins;
    const options = {
      agentPid: this.#world.pid,
      cgroups,
      ...(tier !== undefined && { tier }),
      ...(directory.at === 'path' && { pins: directory.path }),
    };
    const session = await this.#world.openSession(options);
    this.#session = session;
    this.#sayTier(session);
    if (cgroups === 'unknown') {
      const text = '/sys/fs/cgroup is not the default hierarchy (cgroup2): rules that ask for containers are unknown.';
      this.#log.warn('cgroups-unknown', text);
    }
    this.#log.info('listening', `Metrics and health are served at ${this.url}.`, { url: this.url });
    if (!isLoopback(listen)) {
      this.#log.warn('listening-widely', `${this.url} can be reached from other hosts and asks for no password.`);
    }
    const { outcome, milliseconds } = await session.selfTest();
    this.#log.info('self-test', `The self-test exec was ${outcome}.`, { outcome, milliseconds });

    const before = session.takeOver();
    sayTakeOver(this.#log, before);
    this.#adopted = before.is === 'adopted';
    this.#deliverFrom(session);
    // records of what an earlier agent put into force wait until its rules can be named
    if (!this.#adopted) this.#listen(session);
    this.#guard(session);
    this.#rollout = await this.#openRollout();
    const { prepared, began } = await this.#prepareFirst();
    await this.#establish(session, prepared);
    await this.#enforcement!.activate(prepared);
    if (this.#adopted) this.#listen(session);
    this.#sayRefusedFiles(prepared);
    await this.#openControl(session);
    this.#health.enter('ready');
    this.#metrics.ready('ready');
    this.#log.info('ready', 'The policy is in force.', this.status);
    this.#follow(began);
  }

  #sayTier({ choice, bootId }: KernelSession): void {
    const { tier, cannot, refused } = choice;
    const text = cannot.length === 0 ? `Tier ${tier}.` : `Tier ${tier}: ${cannot.join(' ')}`;
    this.#log.info('tier', text, { tier, cannot, refused, version: this.#world.version, pid: this.#world.pid, bootId });
    this.#health.state({ tier, cannot });
  }

  /** After the self-test, which must be acted on. */
  #guard(session: KernelSession): void {
    const { launcher } = this.#world;
    const inForce = () => this.#enforcement?.inForce;
    this.#safeguards = new Safeguards({
      session,
      log: this.#log,
      ...(launcher !== undefined && { launcher }),
      rules: () => inForce()?.image.rules ?? [],
      generation: () => inForce()?.generation ?? 0n,
    });
    this.#safeguards.use(this.#config);
    this.#metrics.watchBreaker(() => this.#safeguards?.breaker.tripped ?? []);
  }

  /** Tells the kernel what ran here before the policy did. */
  async #establish(session: KernelSession, { ruleset: { rules } }: Prepared): Promise<void> {
    const executables = await establishedExecutables(this.#processReports(rules));
    session.establish(executables);
    const text = `${executables.length} programs run here that no rule names.`;
    this.#log.debug('established', text, { executables: executables.length });
  }

  #processReports(rules: readonly Rule[]): AsyncIterable<ProcessReport> {
    return processReports({
      tree: this.#processes,
      scene: this.#sceneParts,
      engine: this.#rules,
      rules,
      modeOf: (rule) => this.#enforcement?.modesOf(rule).mode ?? rule.mode,
      bootTime: () => this.#world.bootTime(),
    });
  }

  #deliverFrom(session: KernelSession): void {
    const clock = this.#clock;
    const parts: EventMakerParts = {
      version: this.#world.version,
      tier: session.choice.tier,
      bootId: session.bootId,
      images: this.#images,
      ...this.#sceneParts,
      engine: this.#rules,
      scrubber: this.#scrubber,
    };
    const maker = new EventMaker(parts);
    const delivery = new Delivery({
      maker,
      clock,
      log: this.#log,
      sink: this.#journal ?? this.#sink,
      metrics: this.#metrics,
      hasher: new FileHasher(),
      onEvent: (event) => {
        this.#events.add(event);
        this.#tally.add(event);
      },
      pendingLimit: telemetryLimits.pendingLog.value,
    });
    this.#delivery = delivery;
    const { processes, cgroups } = this.#sceneParts;
    this.#sweeper = new Sweeper({
      judge: new LiveJudge(parts),
      sources: { processes, cgroups, now: () => this.#world.bootTime() },
      clock,
      // what is only outside the canary is judged, and not acted on
      isProtected: (pid) => pid === this.#world.pid || this.#world.processes.isProtected(pid),
      log: this.#log,
      deliver: (made) => delivery.acceptMade(made),
    });
    this.#metrics.watchKernel(session);
    this.#losses = new LossWatch(session, this.#log);
    // Not waited for: a disk that hangs must not keep a policy from coming into force.
    void this.#journal?.open();
    this.#enforcement = new Enforcement(
      {
        session,
        images: this.#images,
        rules: this.#rules,
        processes: this.#processes,
        history: this.#history,
        log: this.#log,
        metrics: this.#metrics,
        health: this.#health,
        bootTime: () => this.#world.bootTime(),
        onUnseen: () => this.#config.onUnseen,
        sweep: {
          begin: (image, generation) => this.#sweeper?.begin(this.#config.sweep, image, generation),
          end: async () => this.#sweeper?.end(),
        },
      },
      this.#modes,
    );
  }

  #listen(session: KernelSession): void {
    session.start((batch) => this.#delivery!.accept(this.#noted(batch)));
  }

  /** Every exec counts for the lineage of processes; one that the shadow only mentions is nobody else's business. */
  #noted(batch: RecordBatch): RecordBatch {
    for (const record of batch.records) this.#history.remember(record);
    this.#shadow.see(batch.records);
    this.#safeguards?.breaker.see(batch.records);
    return { ...batch, records: batch.records.filter(({ shadow, verdict }) => !shadow || verdict !== 'none') };
  }

  /** Enforcement works without it, so that it cannot be had keeps nothing from starting. */
  async #openControl(session: KernelSession): Promise<void> {
    const { socket } = this.#config.control;
    if (socket.at === 'nowhere') return;
    try {
      this.#control = await ControlServer.listen({
        path: socket.path,
        target: this.#operator(session),
        peerOf: (descriptor) => this.#world.peerOf(descriptor),
        commOf,
        ownUid: process.getuid?.() ?? 0,
        onRefused: (peer) => this.#sayRefusedPeer(peer),
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#log.error('control-unavailable', `portcullis status, off and the like do not reach this agent. ${why}`);
    }
  }

  #operator(session: KernelSession): Operator {
    const enforcement = this.#enforcement!;
    return new Operator({
      version: this.#world.version,
      pid: this.#world.pid,
      url: this.url,
      startedAt: this.#startedAt,
      session,
      enforcement,
      delivery: this.#delivery!,
      health: this.#health,
      metrics: this.#metrics,
      sink: this.#sink,
      journal: this.#journal,
      events: this.#events,
      tally: this.#tally,
      rollout: () => this.#rollout?.status,
      safety: () => this.#safeguards!.status,
      processes: () => this.#processReports(enforcement.inForce?.prepared.ruleset.rules ?? []),
      inTurn: (act) => this.#inTurn(act),
      reload: (by) => {
        this.#log.info('reload-asked', `A reload is asked for by ${by}.`, { by });
        return this.reload();
      },
    });
  }

  #sayRefusedPeer(peer: Peer): void {
    const { uid, gid, pid, comm } = peer;
    const text = `The control socket turned ${peerText(peer)} away.`;
    this.#log.warn('control-refused', text, { uid, gid, pid, comm });
  }

  /** The agent protects by its own policies where the distributed ones cannot be had. */
  async #openRollout(): Promise<Rollout | undefined> {
    if (this.#config.rollout === undefined) return undefined;
    this.#metrics.watchRollout(() => this.#rollout?.status);
    try {
      return await Rollout.open(this.#config.rollout, {
        version: this.#world.version,
        notify: ({ level, code, text, fields }) => this.#log[level](code, text, { ...fields }),
      });
    } catch (error) {
      this.#log.error('rollout-unavailable', `Policies come from this host alone. ${sentenceOf(error)}`);
      return undefined;
    }
  }

  /** What was distributed last, before there is a network; where that does not load, what the host has of its own. */
  async #prepareFirst(): Promise<{ prepared: Prepared; began: 'with-last-known-good' | 'without' }> {
    if (this.#rollout?.files === undefined) return { prepared: await this.#prepare(), began: 'without' };
    try {
      return { prepared: await this.#prepare(), began: 'with-last-known-good' };
    } catch (error) {
      this.#log.error('rollout-error', `What was distributed last cannot be put into force. ${sentenceOf(error)}`);
      return { prepared: await this.#prepare(this.#ownPolicies), began: 'without' };
    }
  }

  #follow(began: 'with-last-known-good' | 'without'): void {
    const parts = {
      enforcement: this.#enforcement!,
      watch: this.#shadow,
      prepare: (files: readonly PolicyFile[]) => this.#prepare({ from: 'rollout', files }),
      useOwn: async () => this.#enforcement!.activate(await this.#prepare(this.#ownPolicies)),
      inTurn: <Result>(act: () => Promise<Result>) => this.#inTurn(act),
    };
    this.#rollout?.run(parts, began);
  }

  get #ownPolicies(): PolicyOrigin {
    return { from: 'paths', paths: this.#config.policies };
  }

  get #policies(): PolicyOrigin {
    const files = this.#rollout?.files;
    return files === undefined ? this.#ownPolicies : { from: 'rollout', files };
  }

  async #prepare(origin: PolicyOrigin = this.#policies): Promise<Prepared> {
    const { onUnknown } = this.#config;
    try {
      const prepared = await preparePolicies(this.#world.workshop, origin, { onUnknown, modes: this.#modes });
      logDiagnostics(this.#log, prepared.ruleset.diagnostics);
      return prepared;
    } catch (error) {
      if (error instanceof PolicyError) logDiagnostics(this.#log, error.diagnostics);
      throw error;
    }
  }

  #sayRefusedFiles({ refusedFiles }: Prepared): void {
    for (const file of refusedFiles) {
      this.#log.error('policy-diagnostic', `Nothing of ${file} is in force.`, { file });
    }
  }

  async #reload(): Promise<ReloadResult> {
    if (this.#stopped !== undefined) return 'refused';
    this.#log.info('reload-started', 'Loading the policies again.');
    this.#users.refresh();
    this.#groups.refresh();
    this.#reopenLog();
    const result = await this.#reconfigure(() => this.#swap());
    this.#metrics.reload(result);
    this.#health.state({ lastReload: result });
    return result;
  }

  /** With the configuration as it reads now; the old one holds again when nothing came of it. */
  async #reconfigure(act: () => Promise<ReloadResult>): Promise<ReloadResult> {
    const old = this.#config;
    let change: ConfigChange | undefined;
    try {
      change = this.#world.rereadConfig?.();
    } catch (error) {
      this.#refuseReload(error);
      return 'refused';
    }
    if (change !== undefined) this.#useConfig(change.config);
    const result = await act();
    if (result === 'refused') this.#useConfig(old);
    else if (change !== undefined) this.#sayChange(change);
    return result;
  }

  #useConfig(config: Config): void {
    this.#config = config;
    this.#log.level = config.log.level;
    this.#safeguards?.use(config);
  }

  #sayChange({ reloaded, waiting, keep }: ConfigChange): void {
    keep();
    if (reloaded.length > 0) {
      const text = `The configuration has changed: ${reloaded.join(', ')}.`;
      this.#log.info('config-changed', text, { keys: reloaded });
    }
    if (waiting.length > 0) {
      const text = `The configuration has changed in what needs a restart: ${waiting.join(', ')}.`;
      this.#log.warn('config-waits', text, { keys: waiting });
    }
  }

  async #swap(): Promise<ReloadResult> {
    try {
      const prepared = await this.#prepare();
      if (prepared.refusedFiles.length > 0) {
        const files = prepared.refusedFiles.join(', ');
        const why = `No rule could be loaded from ${files}.`;
        this.#refuseReload(Object.assign(new Error(why), { code: 'policy-refused' }));
        return 'refused';
      }
      await this.#enforcement!.activate(prepared);
      const errors = prepared.ruleset.diagnostics.filter(({ severity }) => severity === 'error').length;
      if (errors === 0) {
        this.#log.info('reload-done', 'The new policy is in force.');
        return 'done';
      }
      this.#log.error('reload-done', `The new policy is in force without what its ${errors} errors are about.`, {
        errors,
      });
      return 'partial';
    } catch (error) {
      this.#refuseReload(error);
      return 'refused';
    }
  }

  #refuseReload(error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const why = error instanceof Error ? error.message : String(error);
    this.#log.error('reload-refused', `The old policy stays in force. ${why}`, { code });
  }

  /** A log that was moved away by rotation is written anew under its name. */
  #reopenLog(): void {
    try {
      this.#sink.reopen();
      this.#log.debug('log-reopened', 'The log was opened again.');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#log.error('log-reopen-failed', `${why} The old file is written on.`);
    }
  }

  async #stop(reason: string): Promise<StopSummary> {
    const session = this.#session!;
    const delivery = this.#delivery!;
    this.#health.enter('stopping');
    this.#metrics.ready('not-ready');
    this.#log.info('stopping', `Stopping: ${reason}.`, { reason });
    this.#losses?.end();
    this.#safeguards?.end();
    this.#rollout?.end();

    const { directory, on_stop } = this.#config.pins;
    const keeps = directory.at === 'path' && on_stop === 'keep';
    // First nothing decides any more, then what was decided is brought out, then the programs go.
    const brought = await withinTime(limits.stopTime.value, async () => {
      await this.#sweeper?.end();
      if (!keeps) await session.release();
      await delivery.idle();
      // what is kept stays in the rings for the next agent
      if (!keeps) delivery.acceptDrained(await session.drain());
      await delivery.idle();
      await this.#journal?.delivered();
    });
    await this.#journal?.close();
    if (brought.outcome === 'failed') {
      this.#log.error('delivery-failed', 'What the kernel still held could not be brought out.', {
        error: String(brought.error),
      });
    }
    const counters = session.counters();
    if (keeps) await session.leave();
    else await session.close();
    if (directory.at === 'path') sayStop(this.#log, on_stop, directory.path);
    await this.#server?.close();
    await this.#control?.close();

    const summary: StopSummary = {
      counters,
      delivery: { ...delivery.counts },
      lost: { ...lossesOf(counters), undelivered: delivery.waiting },
    };
    const { text, level } = stopText(summary);
    this.#log[level]('stopped', text, {
      counters: Object.fromEntries(Object.entries(counters).map(([name, value]) => [name, Number(value)])),
      delivery: summary.delivery,
      lost: summary.lost,
    });
    await withinTime(limits.stopTime.value, () => this.#sink.flushed());
    return summary;
  }

  /** A start that failed: nothing of it stays. */
  async #abandon(reason: unknown): Promise<void> {
    this.#losses?.end();
    this.#safeguards?.end();
    this.#rollout?.end();
    this.#log.error('cannot-start', reason instanceof Error ? reason.message : String(reason));
    const closed = await withinTime(limits.stopTime.value, async () => {
      await this.#sweeper?.end();
      if (this.#adopted) await this.#session?.leave();
      else await this.#session?.close();
    });
    if (closed.outcome === 'failed') this.#log.error('cannot-start', `Not detached: ${String(closed.error)}`);
    await this.#journal?.close();
    await this.#server?.close();
    await this.#control?.close();
    await withinTime(limits.stopTime.value, () => this.#sink.flushed());
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Name of a process's program; undefined when it is gone. */
function commOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
  } catch {
    return undefined;
  }
}
