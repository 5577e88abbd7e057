/** The circuit breaker seen from user space: who has tripped, said loudly and once, with what the rule had hit. */

import type { ImageRule } from '../events/image.js';
import type { KernelRecord, KernelSession } from '../kernel/types.js';
import { showBytes } from '../secl/bytes.js';
import type { AgentLog } from '../telemetry/log.js';
import { limits } from './limits.js';

export interface BreakerParts {
  session: Pick<KernelSession, 'trips' | 'breakAfter'>;
  log: AgentLog;
  /** Of the image in force: the number of a rule is its index. */
  rules(): readonly ImageRule[];
  /** Generation of the image in force. */
  generation(): bigint;
}

/** A rule that has lost its hold on established executables. */
export interface TrippedRule {
  rule: string;
  /** Established executables that it acted on. */
  executables: number;
}

export class Breaker {
  readonly #parts: BreakerParts;
  /** Paths that rules acted on of late, by number of the rule. */
  readonly #stopped = new Map<number, Set<string>>();
  #generation = -1n;
  readonly #said = new Set<string>();
  #limit: number | undefined;

  constructor(parts: BreakerParts) {
    this.#parts = parts;
  }

  get limit(): number {
    return this.#limit ?? 0;
  }

  /** 0: rules may act on any number of established executables. */
  use(limit: number): void {
    if (limit === this.#limit) return;
    this.#parts.session.breakAfter(limit);
    this.#limit = limit;
  }

  /** Remembers what rules acted on, to say it when one of them trips. */
  see(records: readonly KernelRecord[]): void {
    for (const { verdict, shadow, rules, path, generation } of records) {
      if (shadow || path === undefined || (verdict !== 'refuse' && verdict !== 'kill')) continue;
      this.#begin(generation);
      if (generation !== this.#generation) continue;
      for (const rule of rules) {
        const paths = this.#stopped.get(rule) ?? new Set();
        if (paths.size < limits.breakerNames.value) paths.add(showBytes(path));
        this.#stopped.set(rule, paths);
      }
    }
  }

  get tripped(): TrippedRule[] {
    const rules = this.#parts.rules();
    return this.#parts.session.trips().flatMap(({ rule, distinct, tripped }) => {
      const id = rules[rule]?.rule.id;
      return tripped && id !== undefined ? [{ rule: id, executables: distinct }] : [];
    });
  }

  /** Logs who has tripped since the last look. */
  look(): void {
    const rules = this.#parts.rules();
    this.#begin(this.#parts.generation());
    for (const { rule, executables } of this.tripped) {
      if (this.#said.has(rule)) continue;
      this.#said.add(rule);
      const number = rules.findIndex((other) => other.rule.id === rule);
      const text =
        `The rule ${rule} has acted on ${executables} programs that ran on this host before it: it is taken for a mistake, and acts on ` +
        'those no more. Files that are new since then it goes on to stop.';
      const stopped = [...(this.#stopped.get(number) ?? [])];
      this.#parts.log.error('breaker-tripped', text, { rule, executables, limit: this.limit, stopped });
    }
  }

  /** Numbers of rules, and breakers, are an image's own. */
  #begin(generation: bigint): void {
    if (generation <= this.#generation) return;
    this.#generation = generation;
    this.#stopped.clear();
    this.#said.clear();
  }
}
