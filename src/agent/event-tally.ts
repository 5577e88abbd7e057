/** What the operator is shown of events that were told: how often each rule held, and which were told late. */
import type { EventJson, Text } from '../events/event.js';
import type { TopReport } from '../telemetry/control/reports.js';
import { limits } from './limits.js';

type Slow = TopReport['slowest'][number];

export class EventTally {
  readonly #matches = new Map<string, number>();
  /** Of the last minute, each with the time it was told at; the slowest first. */
  #slow: { at: number; slow: Slow }[] = [];
  /** When the oldest of them was told. */
  #oldest = Number.POSITIVE_INFINITY;

  /** `now`: milliseconds since the epoch. */
  add(event: EventJson, now: number = Date.now()): void {
    for (const { id } of event.portcullis.rules) this.#matches.set(id, this.matches(id) + 1);
    this.#forget(now);
    const milliseconds = Math.max(0, now - Date.parse(event.date));
    const full = this.#slow.length >= limits.slowEvents.value;
    if (full && milliseconds <= this.#slow.at(-1)!.slow.milliseconds) return;
    const program = textOf(event.file.path ?? event.file.name ?? event.process.comm);
    if (full) this.#slow.pop();
    this.#slow.push({ at: now, slow: { rule: event.agent.rule_id, program, milliseconds } });
    this.#slow.sort((a, b) => b.slow.milliseconds - a.slow.milliseconds);
    this.#oldest = Math.min(...this.#slow.map(({ at }) => at));
  }

  /** Events in which a rule held. */
  matches(rule: string): number {
    return this.#matches.get(rule) ?? 0;
  }

  /** Only these rules are counted on. */
  keepOnly(rules: readonly string[]): void {
    const kept = new Set(rules);
    for (const id of this.#matches.keys()) if (!kept.has(id)) this.#matches.delete(id);
  }

  /** The events of the last minute that took longest from the decision until they were told, slowest first. */
  slowest(now: number = Date.now()): readonly Slow[] {
    this.#forget(now);
    return this.#slow.map(({ slow }) => slow);
  }

  #forget(now: number): void {
    const oldest = now - limits.slowSpan.value;
    if (this.#oldest >= oldest) return;
    this.#slow = this.#slow.filter(({ at }) => at >= oldest);
    this.#oldest = Math.min(...this.#slow.map(({ at }) => at));
  }
}

function textOf(text: Text): string {
  return typeof text === 'string' ? text : Buffer.from(text.$base64, 'base64').toString('latin1');
}
