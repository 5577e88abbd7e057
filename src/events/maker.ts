/** From a record to an event, in one call: the public face of this folder. */
import type { KernelRecord, TierName } from '../kernel/types.js';
import type { Rule } from '../policy/ruleset.js';
import type { CgroupPaths } from './cgroups.js';
import type { AlignedClock } from './clock.js';
import { containerOf } from './container.js';
import { type Decision, decide } from './decision.js';
import type { EventJson } from './event.js';
import type { ImageHistory } from './image.js';
import type { ProcessTree } from './processes.js';
import { shapeEvent } from './shape.js';
import type { UserNames } from './users.js';

/** Decides, by the whole expression, a rule for which the kernel only gave a necessary condition. */
export type RecordJudge = (rule: Rule, record: KernelRecord) => boolean | 'unknown';

export interface EventMakerParts {
  version: string;
  tier: TierName;
  bootId: string;
  images: ImageHistory;
  clock: AlignedClock;
  processes: ProcessTree;
  cgroups: CgroupPaths;
  users: UserNames;
  judge: RecordJudge;
}

export interface MadeEvent {
  event: EventJson;
  decision: Decision;
}

export class EventMaker {
  readonly #parts: EventMakerParts;

  constructor(parts: EventMakerParts) {
    this.#parts = parts;
  }

  /** Call it before the records of a batch: waits out a swap, so that every image is known by its generation. */
  async beginBatch(): Promise<void> {
    await this.#parts.images.settled();
    this.#parts.clock.align();
    this.#parts.processes.refresh();
  }

  /** Undefined: no rule holds after user space decided its part, or none was asked, so there is nothing to report. */
  make(record: KernelRecord): MadeEvent | undefined {
    const { version, tier, bootId, images, clock, processes, cgroups, users, judge } = this.#parts;
    // Rules about the end of a process are not evaluated yet.
    if (record.event === 'exit') return undefined;
    const image = images.image(record.generation);
    processes.remember(record);
    const decision = decide(record, image, (rule) => judge(rule, record));
    if (decision === undefined) return undefined;

    const cgroupPath = cgroups.path(record.cgroup, [record.pid, record.ppid]);
    const event = shapeEvent(record, decision, {
      version,
      tier,
      bootId,
      image,
      clock,
      lineage: processes.lineage(record),
      cgroupPath,
      container: cgroupPath === undefined ? undefined : containerOf(cgroupPath),
      user: users.name(record.uid),
    });
    return { event, decision };
  }
}
