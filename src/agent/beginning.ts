/**
 * The first policy of an agent's life. Where something decides already, because an earlier agent left it in the kernel or because the
 * image that was in force last was cached, policies are read beside it; it is swapped only for an image that is another.
 */
import type { EventImage, ImageRule } from '../events/image.js';
import type { TakeOver } from '../kernel/types.js';
import type { CachedImage } from './cached-image.js';
import type { Foundation } from './foundation.js';
import type { KernelSide } from './kernel-side.js';
import type { Prepared } from './policies.js';
import { sentenceOf } from './sentence.js';

/** An image that decides while policies are read. */
interface Deciding {
  generation: bigint;
  /** By rule, since when it enforces. */
  since: readonly bigint[];
  /** What says how its rules are called; undefined: nobody knows. */
  cached: CachedImage | undefined;
}

/**
 * Resolves when the policy that `prepare` makes is in force, and records come. Rejects as `prepare` and the kernel do; what decided before
 * still does then.
 */
export async function bringIntoForce(
  foundation: Foundation,
  kernel: KernelSide,
  before: TakeOver,
  prepare: () => Promise<Prepared>,
): Promise<Prepared> {
  const cached = await foundation.imageCache?.read();
  const deciding = await whatDecides(foundation, kernel, before, cached);
  // records of what decides already wait until its rules can be named
  if (deciding === undefined) kernel.listen();
  const prepared = await prepare();
  await kernel.establish(prepared);
  let listens = deciding === undefined;
  if (deciding?.cached !== undefined && deciding.cached.hash !== prepared.image.hash) {
    const image = await nameRules(foundation, deciding.cached);
    if (image !== undefined) {
      await kernel.enforcement.goOnFrom(image, deciding);
      kernel.listen();
      listens = true;
    }
  }
  await kernel.enforcement.activate(prepared);
  if (!listens) kernel.listen();
  return prepared;
}

async function whatDecides(
  foundation: Foundation,
  kernel: KernelSide,
  before: TakeOver,
  cached: CachedImage | undefined,
): Promise<Deciding | undefined> {
  switch (before.is) {
    case 'nothing':
      return fromCache(foundation, kernel, cached);
    case 'adopted':
      return adopted(kernel, before, cached);
    case 'replacing':
      // the programs of an earlier agent decide until policies are read, and would go for what is only cached
      return undefined;
  }
}

function adopted(
  { session }: KernelSide,
  { generation, since }: Extract<TakeOver, { is: 'adopted' }>,
  cached: CachedImage | undefined,
): Deciding {
  const isIt = cached !== undefined && cached.bootId === session.bootId && cached.generation === generation;
  return { generation: generation ?? 0n, since, cached: isIt ? cached : undefined };
}

/** Puts what was cached into force. Where the kernel does not take it, it is as if there were none. */
async function fromCache(
  { log }: Foundation,
  kernel: KernelSide,
  cached: CachedImage | undefined,
): Promise<Deciding | undefined> {
  if (cached === undefined) return undefined;
  try {
    kernel.establishRunning();
    const { generation, milliseconds } = await kernel.enforcement.begin(cached.image);
    const text = `What was in force last decides until policies are read: ${cached.rules.length} rules.`;
    log.info('image-cached', text, {
      image: cached.hash,
      generation: Number(generation),
      rules: cached.rules.length,
      bytes: cached.image.length,
      milliseconds,
      sinceStart: Math.round(performance.now()),
    });
    return { generation, since: [], cached };
  } catch (error) {
    log.warn('image-cache-ignored', `The kernel does not take the image that was kept. ${sentenceOf(error)}`);
    return undefined;
  }
}

/** The rules of an image, from the policies that it was made of; undefined where they do not load any more. */
async function nameRules({ world }: Foundation, cached: CachedImage): Promise<EventImage | undefined> {
  try {
    const { ruleset } = await world.workshop.load({ from: 'rollout', files: cached.files });
    const byId = new Map(ruleset.rules.map((rule) => [rule.id, rule]));
    const rules = cached.rules.map(({ id, mode, decidedBy }): ImageRule => {
      const rule = byId.get(id);
      if (rule === undefined) throw new Error(`the rule ${id} is not among them`);
      return { rule: { ...rule, mode }, decidedBy };
    });
    const exitRules = ruleset.rules
      .filter(({ event }) => event === 'exit')
      .map((rule): ImageRule => ({ rule, decidedBy: 'user-space' }));
    return { hash: cached.hash, rules, exitRules };
  } catch {
    return undefined;
  }
}
