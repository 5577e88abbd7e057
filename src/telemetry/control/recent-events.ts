/** The last events that were told, for whoever asks, and a call for whoever wants the next ones. */
import type { EventJson } from '../../events/event.js';
import { limits } from './limits.js';
import type { EventFilter } from './protocol.js';

interface Kept {
  line: string;
  time: number;
  verdict: string;
  rules: readonly string[];
}

export class RecentEvents {
  #kept: Kept[] = [];
  /** Where the oldest stands: moving all of them for each new one would cost their number. */
  #first = 0;
  #bytes = 0;
  readonly #listeners = new Set<(event: Kept) => void>();

  /** Nothing of the event is kept but its text, which is its JSON. */
  add(event: EventJson, line: string): void {
    const kept = { line, ...keysOf(event) };
    this.#kept.push(kept);
    this.#bytes += kept.line.length;
    while (this.#kept.length - this.#first > limits.recentEvents.value || this.#bytes > limits.recentBytes.value) {
      this.#bytes -= this.#kept[this.#first]!.line.length;
      this.#first++;
    }
    if (this.#first > this.#kept.length / 2) {
      this.#kept = this.#kept.slice(this.#first);
      this.#first = 0;
    }
    for (const listener of this.#listeners) listener(kept);
  }

  /** Those that pass, oldest first, as lines of JSON. */
  matching(filter: EventFilter): string[] {
    const found: string[] = [];
    for (let at = this.#first; at < this.#kept.length; at++) {
      const event = this.#kept[at]!;
      if (passes(event, filter)) found.push(event.line);
    }
    return found;
  }

  /** Ends with the call of what is returned. */
  follow(filter: EventFilter, onEvent: (line: string) => void): () => void {
    const listener = (event: Kept) => {
      if (passes(event, filter)) onEvent(event.line);
    };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** What a filter asks of an event. */
export function keysOf(event: EventJson): Omit<Kept, 'line'> {
  const { rules, unknown, verdict } = event.portcullis;
  const ids = [event.agent.rule_id];
  for (const { id } of rules) if (!ids.includes(id)) ids.push(id);
  for (const { id } of unknown) if (!ids.includes(id)) ids.push(id);
  return { time: Date.parse(event.date), verdict, rules: ids };
}

export function passes({ time, verdict, rules }: Omit<Kept, 'line'>, filter: EventFilter): boolean {
  if (filter.since !== undefined && time < filter.since) return false;
  if (filter.verdict !== undefined && verdict !== filter.verdict) return false;
  return filter.rule === undefined || rules.includes(filter.rule);
}
