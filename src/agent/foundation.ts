/** What the agent stands on before it touches the kernel: its configuration as it reads now, its log, and what it remembers of this host. */
import { CgroupPaths } from '../events/cgroups.js';
import { AlignedClock } from '../events/clock.js';
import { ImageHistory } from '../events/image.js';
import { ProcessTree } from '../events/processes.js';
import { ProgramHistory } from '../events/program-history.js';
import type { SceneParts } from '../events/scene.js';
import { Scrubber } from '../events/scrub/scrubber.js';
import { groupNames, UserNames } from '../events/users.js';
import type { Mode } from '../policy/ruleset.js';
import { ScopeKiller } from '../rules/cgroup-kill/scope-killer.js';
import { UserSpaceRules } from '../rules/engine.js';
import { RecentEvents } from '../telemetry/control/recent-events.js';
import { Health } from '../telemetry/health.js';
import type { Journal } from '../telemetry/journal/index.js';
import { AgentLog } from '../telemetry/log.js';
import { Metrics } from '../telemetry/metrics.js';
import type { FileSink } from '../telemetry/sink.js';
import type { Config } from './config.js';
import { eventJournal } from './event-journal.js';
import { EventTally } from './event-tally.js';
import { ImageCache } from './image-cache.js';
import { hostKey } from './kept-image.js';
import { SelfGuard } from './self-protection.js';
import { ShadowWatch } from './shadow-watch.js';
import { sparing } from './spared-processes.js';
import type { AgentWorld } from './world.js';

export class Foundation {
  /** As it reads now; a reload changes it. */
  config: Config;
  /** Processes that user space leaves alone, as the kernel would; nobody before the safeguards stand. */
  spares: (pid: number) => boolean = () => false;
  readonly world: AgentWorld;
  readonly sink: FileSink;
  readonly journal: Journal | undefined;
  /** Undefined where none is wanted. */
  readonly imageCache: ImageCache | undefined;
  readonly scrubber: Scrubber;
  readonly log: AgentLog;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly images = new ImageHistory();
  readonly users = new UserNames();
  readonly groups = groupNames();
  readonly processes = new ProcessTree();
  readonly history = new ProgramHistory();
  readonly rules: UserSpaceRules;
  readonly clock: AlignedClock;
  readonly scene: SceneParts;
  readonly events = new RecentEvents();
  readonly tally = new EventTally();
  readonly startedAt = new Date();
  /** By rule, where an operator wants another mode than its policy's. */
  readonly modes = new Map<string, Mode>();
  readonly shadow = new ShadowWatch();
  readonly selfGuard: SelfGuard;

  constructor(config: Config, world: AgentWorld, sink: FileSink) {
    this.config = config;
    this.world = world;
    this.sink = sink;
    this.scrubber = new Scrubber(config.scrub.patterns);
    this.journal = eventJournal(config.journal, sink, () => this.log);
    this.log = new AgentLog(sink, config.log.level, this.scrubber, this.journal);
    const { directory } = config.state;
    if (directory.at === 'path') this.imageCache = new ImageCache(directory.path, hostKey(world.hostId()), this.log);
    this.metrics = new Metrics(world.version);
    this.metrics.watchLog(sink);
    if (this.journal !== undefined) this.metrics.watchJournal(this.journal);
    const onUnknown = () => this.config.onUnknown;
    const processes = sparing(world.processes, (pid) => this.spares(pid));
    this.rules = new UserSpaceRules({
      get onUnknown() {
        return onUnknown();
      },
      processes,
      scopes: new ScopeKiller(processes, world.cgroups),
    });
    this.metrics.watchRules(this.rules);
    this.clock = new AlignedClock(() => world.bootTime());
    this.scene = {
      clock: this.clock,
      processes: this.processes,
      cgroups: new CgroupPaths(),
      users: this.users,
      groups: this.groups,
    };
    this.health = new Health(sink);
    this.selfGuard = new SelfGuard({
      mode: config.selfProtection ?? 'auto',
      pid: world.pid,
      pins: config.pins.directory.at === 'path' ? config.pins.directory.path : undefined,
      launcher: world.launcher,
      log: this.log,
      bootTime: () => world.bootTime(),
      host: world.selfProtection,
    });
    this.metrics.watchSelfProtection(this.selfGuard);
  }
}
