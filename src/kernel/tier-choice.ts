/** Which tier a session works in: the best that this kernel takes. */
import { KernelError } from './addon.js';
import { directMap } from './direct-map.js';
import { SessionError } from './errors.js';
import { ProgramSet, smallestCapacity } from './programs.js';
import { tiers, withoutArguments } from './tiers.js';
import type { SessionOptions, TierChoice } from './types.js';

/**
 * The programs of the best tier, or of the one that is asked for, loaded and attached, with the smallest slots. They decide nothing yet.
 * Throws SessionError `no-tier` with every tier's reason.
 */
export function loadBest(options: SessionOptions & { objectPath: string }): { set: ProgramSet; choice: TierChoice } {
  const refused: { tier: TierChoice['tier']; why: string }[] = [];
  const readable = directMap().start !== 0n;
  for (const found of tiers) {
    const tier = readable ? found : withoutArguments(found);
    if (options.tier && options.tier !== tier.name) continue;
    const why = tier.missing();
    if (why) {
      refused.push({ tier: tier.name, why });
      continue;
    }
    try {
      const set = ProgramSet.load(options.objectPath, tier, smallestCapacity, options.agentPid);
      try {
        // without an active image the programs decide nothing; what cannot be attached is not this kernel's tier
        set.attach();
      } catch (error) {
        set.close();
        throw error;
      }
      return { set, choice: { tier: tier.name, cannot: tier.cannot, refused } };
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      refused.push({ tier: tier.name, why: error.message });
    }
  }
  const known = tiers.map((tier) => tier.name).join(', ');
  const reasons = refused.map(({ tier, why }) => `${tier}: ${why}`).join('; ');
  throw new SessionError('no-tier', reasons || `there is no tier ${options.tier} in this version, only ${known}`);
}
