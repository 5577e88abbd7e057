/** From a record to an event, in one call: the public face of this folder. */
import type { KernelRecord, TierName } from '../kernel/types.js';
import { type Decision, decide } from './decision.js';
import type { EventJson } from './event.js';
import type { ImageHistory } from './image.js';
import { limits } from './limits.js';
import type { FollowUp, RuleEngine } from './rule-run.js';
import { Scene, type SceneParts } from './scene.js';
import type { Scrubber } from './scrub/scrubber.js';
import { shapeEvent } from './shape.js';

export interface EventMakerParts extends SceneParts {
  version: string;
  tier: TierName;
  bootId: string;
  images: ImageHistory;
  engine: RuleEngine;
  /** Nothing leaves this folder with the secrets of its arguments; what decides has them. */
  scrubber: Scrubber;
}

export interface MadeEvent {
  decision: Decision;
  /** Undefined: the event is not told, because its rules are silent or have said enough. */
  event: EventJson | undefined;
  /** Ids of the rules whose rate limit kept it back. */
  limited: readonly string[];
  /** What the actions of its rules ask for besides. */
  followUps: readonly FollowUp[];
}

export class EventMaker {
  readonly #parts: EventMakerParts;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #lookedForEndedAt = performance.now();

  constructor(parts: EventMakerParts) {
    this.#parts = parts;
  }

  /** Call it before the records of a batch: waits out a swap, so that every image is known by its generation. */
  async beginBatch(): Promise<void> {
    await this.#parts.images.settled();
    this.#parts.clock.align();
    const now = performance.now();
    if (now - this.#refreshedAt < limits.procAge.value) return;
    this.#refreshedAt = now;
    this.#parts.processes.refresh();
    if (now - this.#lookedForEndedAt < limits.endedProcesses.value) return;
    this.#lookedForEndedAt = now;
    this.#parts.processes.forgetEnded();
  }

  /**
   * Decides what is left to decide and does what cannot wait: sets variables, kills. Undefined: no rule holds after user
   * space decided its part, or none was asked, so there is nothing to report.
   */
  make(record: KernelRecord): MadeEvent | undefined {
    const { version, tier, bootId, images, engine, scrubber } = this.#parts;
    const image = images.image(record.generation);
    this.#parts.processes.remember(record);
    if (onlySaysWhatRuns(record)) return undefined;
    const scene = new Scene(record, this.#parts);
    const run = engine.begin(scene);
    const decision = decide(record, image, run);
    if (decision === undefined) return undefined;
    const { tell, limited } = run.telling(decision);
    const { followUps } = run;
    if (tell === 'nothing') return { decision, event: undefined, limited, followUps };
    const event = scrubber.event(shapeEvent(scene, decision, { version, tier, bootId, image, run }));
    return { decision, event, limited, followUps };
  }
}

/** While some rule asks about ends, the kernel reports every exec: most records are about nothing else. Nobody waits for them. */
export function onlySaysWhatRuns({ event, verdict, rules, unknownRules }: KernelRecord): boolean {
  return event === 'exec' && verdict === 'none' && rules.length === 0 && unknownRules.length === 0;
}
