/** The policies of a host as one thing: what is on trial, in force, or on disk. */
import { createHash } from 'node:crypto';
import type { Release } from '../release.js';
import type { Candidate } from './guard.js';

export interface PolicySet {
  /** In the order in which they merge. */
  readonly releases: readonly Release[];
  /** Contents by SHA-256. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** Version of the signed metadata. */
  readonly version: number;
  readonly hash: string;
}

export function policySet(
  releases: readonly Release[],
  contents: ReadonlyMap<string, Uint8Array>,
  version: number,
): PolicySet {
  const needed = releases.map(({ sha256 }) => [sha256, contents.get(sha256)!] as const);
  return { releases, contents: new Map(needed), version, hash: hashOf(releases) };
}

/** Names and contents alone: the same under another release number is the same. */
export function hashOf(releases: readonly Pick<Release, 'policy' | 'sha256'>[]): string {
  const hash = createHash('sha256');
  for (const { policy, sha256 } of releases) hash.update(`${policy}\0${sha256}\n`);
  return hash.digest('hex');
}

export function candidateOf({ releases, contents, version, hash }: PolicySet): Candidate {
  return {
    files: releases.map(({ policy, sha256 }) => ({ name: `${policy}.policy`, bytes: contents.get(sha256)! })),
    version,
    hash,
  };
}
