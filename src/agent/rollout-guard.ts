/** How a distributed policy gets into the kernel: on trial as the shadow first, then in force. */
import type { PolicyFile } from '../policy/index.js';
import { GuardRefusal } from '../rollout/errors.js';
import type { Candidate, Guard, WouldActOn } from '../rollout/follower/guard.js';
import { PolicyError, type Prepared } from './policies.js';
import type { ShadowWatch } from './shadow-watch.js';

/** What the guard needs of what is in force. */
export interface Staging {
  readonly switch: { readonly is: 'on' | 'off' };
  /** Puts the image on trial. Rejects when the kernel does not take it. */
  stage(prepared: Prepared): Promise<{ generation: bigint }>;
  /** Puts into force what is on trial. Rejects when nothing is. */
  promote(prepared: Prepared): Promise<void>;
  discard(): Promise<void>;
}

export interface RolloutGuardParts {
  enforcement: Staging;
  watch: ShadowWatch;
  /** Loads and compiles without touching what is in force. Rejects with a PolicyError. */
  prepare(files: readonly PolicyFile[]): Promise<Prepared>;
  /** Puts into force what the host has of its own. */
  useOwn(): Promise<void>;
  /** Runs one change after the other, with starts, reloads and the stop. */
  inTurn<Result>(act: () => Promise<Result>): Promise<Result>;
}

/** The agent stops, or was told to leave everything as it is: nothing is tried meanwhile. */
class NotNowError extends Error {
  override readonly name = 'NotNowError';
  readonly code = 'not-now';
}

export class RolloutGuard implements Guard {
  readonly #parts: RolloutGuardParts;
  #files: readonly PolicyFile[] | undefined;
  /** Also where a trial could not begin: something of it may be left. */
  #tried: 'nothing' | 'something' = 'nothing';
  #trial: { hash: string; files: readonly PolicyFile[]; prepared: Prepared } | undefined;
  #ended = false;

  /** `inForce`: what the agent began with, where that was distributed. */
  constructor(parts: RolloutGuardParts, inForce: Candidate | undefined) {
    this.#parts = parts;
    this.#files = inForce && filesOf(inForce);
  }

  /** What is in force from the repository, for a reload. */
  get files(): readonly PolicyFile[] | undefined {
    return this.#files;
  }

  shadow(candidate: Candidate): Promise<void> {
    return this.#inTurn(async () => {
      const files = filesOf(candidate);
      const prepared = await this.#prepare(files);
      this.#tried = 'something';
      const { generation } = await refusing(() => this.#parts.enforcement.stage(prepared));
      this.#trial = { hash: candidate.hash, files, prepared };
      this.#parts.watch.begin(prepared.image, generation);
    });
  }

  async wouldActOn(): Promise<WouldActOn> {
    if (this.#trial === undefined) throw new NotNowError('Nothing is on trial any more.');
    return this.#parts.watch.found;
  }

  promote({ hash }: Candidate): Promise<void> {
    return this.#inTurn(async () => {
      const trial = this.#trial;
      if (trial?.hash !== hash) throw new NotNowError('Another policy is on trial.');
      await this.#parts.enforcement.promote(trial.prepared);
      this.#files = trial.files;
      this.#trial = undefined;
      this.#tried = 'nothing';
      this.#parts.watch.end();
    });
  }

  async discard(): Promise<void> {
    if (this.#tried === 'nothing' || this.#ended) return;
    await this.#inTurn(async () => {
      this.#trial = undefined;
      this.#parts.watch.end();
      await this.#parts.enforcement.discard();
      this.#tried = 'nothing';
    });
  }

  withdraw(): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#files;
      this.#files = undefined;
      try {
        if (before !== undefined) await this.#parts.useOwn();
      } catch (error) {
        this.#files = before;
        throw error;
      }
    });
  }

  /** From now on nothing is touched any more. */
  end(): void {
    this.#ended = true;
  }

  /** Diagnostics that a publisher would have refused are as good as a policy that does not compile. */
  async #prepare(files: readonly PolicyFile[]): Promise<Prepared> {
    try {
      const prepared = await this.#parts.prepare(files);
      const error = prepared.ruleset.diagnostics.find(({ severity }) => severity === 'error');
      if (error === undefined) return prepared;
      const { file, line, column, message } = error;
      throw new GuardRefusal('policy-refused', `${file}:${line}:${column}: ${message}.`);
    } catch (error) {
      throw error instanceof PolicyError ? new GuardRefusal(error.code, error.message) : error;
    }
  }

  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    return this.#parts.inTurn(async () => {
      if (this.#ended) throw new NotNowError('The agent stops.');
      if (this.#parts.enforcement.switch.is === 'off') throw new NotNowError('Enforcement is switched off.');
      return act();
    });
  }
}

/** A policy that is too large for the kernel will be so the next time too. */
async function refusing<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw code === 'image-too-large' ? new GuardRefusal(code, (error as Error).message) : error;
  }
}

function filesOf({ files }: Candidate): PolicyFile[] {
  return files.map(({ name, bytes }) => ({ file: `rollout/${name}`, text: bytes }));
}
