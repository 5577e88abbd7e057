/** Events about processes that live, of the same shape as those about execs. */

import type { EventImage } from './image.js';
import { decideLive, type LiveActing } from './live-decision.js';
import type { LiveProcess } from './live-process.js';
import type { EventMakerParts, MadeEvent } from './maker.js';
import { Scene } from './scene.js';
import { shapeEvent } from './shape.js';

export interface Judging {
  image: EventImage;
  generation: bigint;
  acting: LiveActing;
}

export class LiveJudge {
  readonly #parts: EventMakerParts;

  constructor(parts: EventMakerParts) {
    this.#parts = parts;
  }

  /** Judges, and acts where that is asked for. `event` is undefined when no rule holds, or when it is not told. */
  judge({ record, source, since }: LiveProcess, { image, generation, acting }: Judging): MadeEvent {
    const { version, tier, bootId, engine, scrubber } = this.#parts;
    const scene = new Scene({ ...record, generation }, this.#parts);
    const run = engine.begin(scene);
    const decision = decideLive(image.rules, run, acting);
    if (decision.matched.length === 0) return { decision, event: undefined, limited: [], followUps: [] };
    const { tell, limited } = run.telling(decision);
    if (tell === 'nothing') return { decision, event: undefined, limited, followUps: [] };
    const live = { source, since };
    const event = scrubber.event(shapeEvent(scene, decision, { version, tier, bootId, image, run, live }));
    return { decision, event, limited, followUps: [] };
  }
}
