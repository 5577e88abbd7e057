/** How often the rules tell: a rate limit of events, never of what is done. */
import { Recent } from '../events/recent.js';
import type { Rule } from '../policy/ruleset.js';
import { limits } from './limits.js';

export class RateLimiter {
  /** By rule: when each of its tokens has told last, nanoseconds since boot. */
  readonly #told = new Map<string, Recent<string, bigint>>();

  /** Whether a rule may tell now; if so it has told. `pause`: nanoseconds, 0 for no limit. */
  allow(rule: string, token: string, pause: bigint, now: bigint): boolean {
    if (pause <= 0n) return true;
    let told = this.#told.get(rule);
    if (told === undefined) {
      told = new Recent(limits.limiterTokens.value);
      this.#told.set(rule, told);
    }
    const last = told.get(token);
    // Records of two CPUs may come in another order than they were made.
    if (last !== undefined && now - last < pause) return false;
    told.set(token, now);
    return true;
  }

  /** Forgets the rules that are no longer there. */
  keepOnly(rules: readonly Rule[]): void {
    const ids = new Set(rules.map(({ id }) => id));
    for (const id of this.#told.keys()) if (!ids.has(id)) this.#told.delete(id);
  }
}
