/** The configuration as the agent works with it. Its keys, their defaults and their meaning stand in config-schema.ts. */
import type { z } from 'zod';
import type { configSchema, sweepModes } from './config-schema.js';

type Written = z.output<typeof configSchema>;

/** Keys of two words are written with `_` in the file. */
export type Config = Omit<Written, 'on_unknown' | 'on_unseen' | 'rollout' | 'self_protection'> & {
  /** What the kernel does about a rule that is unknown at exec. */
  onUnknown: Written['on_unknown'];
  /** Absent as without a URL: policies come from this host alone. */
  rollout?: Written['rollout'];
  /** Absent as `auto`. */
  selfProtection?: Written['self_protection'];
  /** What the kernel does about an exec it was never asked about. */
  onUnseen: Written['on_unseen'];
};

export type SweepMode = (typeof sweepModes)[number];

export function toConfig(written: Written): Config {
  const { on_unknown: onUnknown, on_unseen: onUnseen, self_protection: selfProtection, ...rest } = written;
  return { ...rest, onUnknown, onUnseen, selfProtection };
}
