/**
 * Since when each rule enforces, across reloads: a rule that comes back as it was keeps the time, so that what came to this host
 * meanwhile does not become established, and so safe from it, by a reload.
 */
import { createHash } from 'node:crypto';
import type { ImageRule } from '../events/image.js';
import type { Rule } from '../policy/ruleset.js';

interface Age {
  /** Of what the rule says. */
  readonly digest: string;
  /** Nanoseconds since boot. */
  readonly since: bigint;
}

export class RuleAges {
  #ages = new Map<string, Age>();

  /** By number of a rule, where it enforced before as it is now; a hole where it did not. */
  of(rules: readonly ImageRule[]): bigint[] {
    const since: bigint[] = [];
    for (const [number, { rule }] of rules.entries()) {
      const age = this.#ages.get(rule.id);
      if (age !== undefined && age.digest === digestOf(rule)) since[number] = age.since;
    }
    return since;
  }

  /**
   * These rules are in force now, in the modes they have here; all others are forgotten. `known`: by number, since when a rule enforces
   * that was there before this agent.
   */
  note(rules: readonly ImageRule[], now: bigint, known: readonly bigint[] = []): void {
    const ages = new Map<string, Age>();
    for (const [number, { rule }] of rules.entries()) {
      if (rule.mode !== 'enforce') continue;
      const digest = digestOf(rule);
      const old = this.#ages.get(rule.id);
      ages.set(rule.id, { digest, since: old?.digest === digest ? old.since : (known[number] ?? now) });
    }
    this.#ages = ages;
  }
}

/** Macros are part of the expression; where it stands in its file is not. */
function digestOf({ id, expression, actions }: Rule): string {
  const text = JSON.stringify([id, expression, actions], (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  return createHash('sha256').update(text).digest('hex');
}
