/** What the follower asks of the agent. */

/** Policies that a host should have. */
export interface Candidate {
  /** In the order in which they merge. */
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** Version of the signed metadata that selected them. */
  readonly version: number;
  /** Lower-case hexadecimal SHA-256 over names and contents: the same policies, the same hash. */
  readonly hash: string;
}

/** What a policy on trial would have done on this host so far. */
export interface WouldActOn {
  /** Distinct executables that were established on this host before, and that it would act on. */
  readonly established: number;
  readonly names: readonly string[];
  /** All its decisions, on whatever executables. */
  readonly decisions: bigint;
}

/** One policy on trial at a time; calls never overlap. */
export interface Guard {
  /**
   * Loads and compiles, and puts the image on trial: it decides, is counted, and acts on nothing. Rejects with a
   * GuardRefusal when that would fail the next time too; other errors are tried again at the next poll.
   */
  shadow(candidate: Candidate): Promise<void>;
  wouldActOn(): Promise<WouldActOn>;
  /** Puts into force what is on trial. When it rejects, what was in force still is. */
  promote(candidate: Candidate): Promise<void>;
  /** Ends the trial; without one it does nothing. */
  discard(): Promise<void>;
  /** Nothing distributed is in force any more; what the host has of its own is. */
  withdraw(): Promise<void>;
}
