/**
 * A release: one version of one policy, for some hosts, in stages. Everything about it stands in the signed metadata of
 * its target, so that nobody can serve a host a policy that is not meant for it.
 */
import { z } from 'zod';
import { TrustError } from './errors.js';
import { parseSelector } from './labels/selector.js';
import { limits } from './limits.js';

/** A stage: this share of the hosts that the labels select, and how long the release is on trial on each. */
export interface Stage {
  /** 0 < percent <= 100, with two decimals. */
  readonly percent: number;
  /** Seconds a host keeps the release on trial before it enforces it. */
  readonly bake: number;
}

/**
 * `added`: for none yet. `staged`: for the share of its current stage. `live`: for all. `paused`: only hosts that enforce it already keep it.
 * `retired`: for none; kept so that it can be restored.
 */
export type ReleaseState = (typeof releaseStates)[number];
export const releaseStates = ['added', 'staged', 'live', 'paused', 'retired'] as const;

export interface Release {
  /** Name of the policy, which is also the name of its file on a host, without `.policy`. */
  readonly policy: string;
  /** 1, 2, ... of that policy. Never used twice. */
  readonly release: number;
  readonly state: ReleaseState;
  /** Label expression; empty: every host. */
  readonly hosts: string;
  readonly stages: readonly Stage[];
  /** Index into `stages`. */
  readonly stage: number;
  /** When the current stage was signed: seconds since the epoch. */
  readonly since: number;
  /** Executables established on a host on which it may act, before the host refuses it. */
  readonly limit: number;
  /** Lower-case hexadecimal SHA-256 of the file, and its bytes. */
  readonly sha256: string;
  readonly length: number;
}

const name = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const digest = /^[0-9a-f]{64}$/;

/** Whether a policy can be distributed under this name. */
export function isPolicyName(text: string): boolean {
  return name.test(text);
}

/** The target's name in the metadata: no directory, nothing that a path could mean. */
export function targetName({ policy, release }: Pick<Release, 'policy' | 'release'>): string {
  return `${policy}-${release}.policy`;
}

/** The share of the hosts, in hundredths of a percent, that may have the release now. */
export function shareOf({ state, stages, stage }: Release): number {
  return state === 'live' ? 10_000 : Math.round((stages[stage]?.percent ?? 0) * 100);
}

/** Seconds of trial in the current stage; after the last stage, those of the last. */
export function bakeOf({ stages, stage }: Release): number {
  return stages[stage]?.bake ?? stages.at(-1)?.bake ?? 0;
}

const stageSchema = z.strictObject({
  percent: z.number().gt(0).max(100),
  bake: z
    .number()
    .int()
    .min(0)
    .max(30 * 86_400),
});

// Keys that a later version adds are passed over: hosts are updated after publishers.
const customSchema = z.object({
  policy: z.string().regex(name),
  release: z.number().int().positive(),
  state: z.enum(releaseStates),
  hosts: z.string(),
  stages: z.array(stageSchema).max(limits.stages.value),
  stage: z.number().int().min(0),
  since: z.number().int().min(0),
  limit: z.number().int().min(0),
});

/** What of a release is written into `custom` of its target. */
export function customOf(release: Release): Record<string, unknown> {
  const { sha256, length, ...custom } = release;
  return { portcullis: custom };
}

/** What verified metadata says of a target. */
export interface TargetFacts {
  readonly path: string;
  readonly length: number;
  readonly hashes: Readonly<Record<string, string>>;
  readonly custom: Readonly<Record<string, unknown>>;
}

/** Reads a release from its target. Throws TrustError when the target is not one of ours, or not what its name says. */
export function releaseOf({ path, length, hashes, custom }: TargetFacts): Release {
  const read = customSchema.safeParse(custom.portcullis);
  if (!read.success) {
    const where = read.error.issues[0]?.path.join('.') ?? '';
    throw new TrustError('malformed', `The target ${quoted(path)} does not say what it is: \`${where}\` is wrong.`);
  }
  const sha256 = hashes.sha256;
  if (sha256 === undefined || !digest.test(sha256) || Object.keys(hashes).length !== 1) {
    throw new TrustError('malformed', `The target ${quoted(path)} does not have exactly a SHA-256.`);
  }
  if (length > limits.policyBytes.value) {
    throw new TrustError('malformed', `The target ${quoted(path)} is larger than ${limits.policyBytes.value} bytes.`);
  }
  const release: Release = { ...read.data, sha256, length };
  if (path !== targetName(release)) {
    throw new TrustError('bad-target-name', `The target ${quoted(path)} says it is ${targetName(release)}.`);
  }
  try {
    parseSelector(release.hosts);
  } catch (error) {
    throw new TrustError('malformed', `The label expression of ${path} is wrong: ${(error as Error).message}.`);
  }
  return release;
}

/** A name that somebody else chose, as it can be shown. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text);
}
