/** What a follower says about itself: one object for status, log and metrics. */
import type { RoleName } from './trust.js';

/** Where a release stands on this host. */
export type ApplyState = (typeof applyStates)[number];
export const applyStates = ['pending', 'shadow', 'active', 'refused', 'error'] as const;

export interface TargetStatus {
  readonly policy: string;
  readonly release: number;
  /** Of the stages of the release, the one that reaches this host. */
  readonly stage: number;
  readonly state: ApplyState;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Why it is refused or in error: a stable code and a sentence. */
  readonly code?: string;
  readonly reason?: string;
}

export interface Problem {
  readonly code: string;
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export interface FollowerStatus {
  readonly url: string;
  readonly targets: readonly TargetStatus[];
  /** What is in force from the repository. */
  readonly active?: { readonly hash: string; readonly version: number };
  readonly polls: { readonly unchanged: number; readonly updated: number; readonly failed: number };
  /** Of polls that failed, by code. */
  readonly problems: Readonly<Record<string, number>>;
  readonly problem?: Problem;
  /** Bytes of bodies received. */
  readonly received: number;
  /** Milliseconds since the epoch. */
  readonly lastPoll?: number;
  readonly lastSuccess?: number;
  readonly nextPoll?: number;
  readonly versions?: Readonly<Record<RoleName, number>>;
  readonly expires: Readonly<Partial<Record<RoleName, number>>>;
  readonly expired?: { readonly role: RoleName; readonly since: number };
}

/** Stable codes of what a follower has to tell. */
export type NoticeCode =
  | 'rollout-updated'
  | 'rollout-poll-failed'
  | 'rollout-untrusted'
  | 'rollout-recovered'
  | 'rollout-shadow'
  | 'rollout-active'
  | 'rollout-refused'
  | 'rollout-error'
  | 'rollout-expired'
  | 'rollout-none-selected'
  | 'rollout-store';

export interface Notice {
  readonly level: 'info' | 'warn' | 'error';
  readonly code: NoticeCode;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}
