/** The ways into the kernel, best first, what each needs and what it cannot do. */
import { readFileSync } from 'node:fs';
import type { TierName } from './types.js';

export interface Tier {
  name: TierName;
  /** Programs of bpf/exec.bpf.c, in the order in which they are attached. */
  programs: readonly string[];
  /** An iterator over all tasks to run once they are attached, until it names nobody. */
  afterwards?: string;
  /** Those that decide by the shadow image. */
  shadowPrograms: readonly string[];
  /** What a self-test exec must come to. */
  stops: 'refused' | 'killed';
  cannot: readonly string[];
  /** Why this tier is not to be had here, as far as can be told without trying. */
  missing(): string | undefined;
}

const lsmList = '/sys/kernel/security/lsm';

const misses = 'It reads a swapped-out page of arguments as unknown: it cannot sleep to bring it back.';
const cannotRefuse =
  'It cannot refuse an exec: the call succeeds and the program is killed before its first instruction.';

const readsNothingBefore =
  'It cannot read arguments before an exec, as /proc/kcore does not say where memory lies: what it stops for its arguments is killed before its first instruction.';

/** What a tier can do where stage 1 has no way to the arguments. */
export function withoutArguments(tier: Tier): Tier {
  if (tier.stops === 'killed') return tier;
  return { ...tier, stops: 'killed', cannot: [readsNothingBefore, ...tier.cannot] };
}

export const tiers: readonly Tier[] = [
  {
    name: 'lsm',
    // stage 2 first: an exec that stage 1 has seen must find it; of two at one hook the one attached last runs first
    programs: ['kill', 'refuse', 'check_seen'],
    afterwards: 'expect',
    shadowPrograms: ['shadow_decide', 'shadow_watch'],
    stops: 'refused',
    cannot: [],
    missing() {
      let list: string;
      try {
        list = readFileSync(lsmList, 'utf8');
      } catch {
        return `${lsmList} cannot be read: is securityfs mounted?`;
      }
      return list.trim().split(',').includes('bpf')
        ? undefined
        : `bpf is not an active LSM (${list.trim()}): add it to the kernel parameter lsm=`;
    },
  },
  {
    name: 'fmod_ret',
    programs: ['kill_fentry', 'modify', 'check_seen'],
    shadowPrograms: ['shadow_decide_fentry', 'shadow_watch_fentry'],
    stops: 'refused',
    cannot: [misses],
    missing: () => undefined,
  },
  {
    name: 'kprobe',
    programs: ['kill_kprobe', 'watch', 'check_seen'],
    shadowPrograms: ['shadow_decide_kprobe', 'shadow_watch_kprobe'],
    stops: 'killed',
    cannot: [cannotRefuse, misses],
    missing: () => undefined,
  },
  {
    name: 'tracepoint',
    programs: ['kill_at_exec'],
    shadowPrograms: ['shadow_at_exec'],
    stops: 'killed',
    cannot: [
      cannotRefuse,
      misses,
      'It sees a script only by the name the caller gave; under a relative name the path of the script is unknown.',
      'It does not notice an exec that it missed.',
    ],
    missing: () => undefined,
  },
];
