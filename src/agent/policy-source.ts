/** Where policies come from: what was distributed to this host, or else its own files; and the way from there to an image. */
import type { PolicyFile } from '../policy/parse-file.js';
import type { RolloutReport } from '../telemetry/control/reports.js';
import type { Enforcement } from './enforcement.js';
import type { Foundation } from './foundation.js';
import { PolicyError, type PolicyOrigin, type Prepared, preparePolicies } from './policies.js';
import { logDiagnostics } from './policy-log.js';
import { Rollout } from './rollout.js';
import { sentenceOf } from './sentence.js';
import type { Turns } from './turns.js';

type Beginning = 'with-last-known-good' | 'without';

export class PolicySource {
  readonly #foundation: Foundation;
  #rollout: Rollout | undefined;
  /** Why there is none, where one is configured. */
  #unavailable: Extract<RolloutReport, { is: 'unavailable' }> | undefined;
  #began: Beginning = 'without';

  constructor(foundation: Foundation) {
    this.#foundation = foundation;
    const { config, metrics } = foundation;
    metrics.watchRollout({
      configured: config.rollout?.url !== undefined,
      status: () => this.#rollout?.status,
    });
  }

  /** Of distributed policies; undefined where no repository is configured. */
  get rolloutReport(): RolloutReport | undefined {
    return this.#rollout === undefined ? this.#unavailable : { is: 'followed', ...this.#rollout.status };
  }

  /** The agent protects by its own policies where the distributed ones cannot be had. */
  async openRollout(): Promise<void> {
    const { config, log, world } = this.#foundation;
    const { rollout } = config;
    if (rollout?.url === undefined) return;
    const { url } = rollout;
    try {
      this.#rollout = await Rollout.open(
        { ...rollout, url },
        {
          version: world.version,
          notify: ({ level, code, text, fields }) => log[level](code, text, { ...fields }),
        },
      );
    } catch (error) {
      const reason = sentenceOf(error);
      this.#unavailable = { is: 'unavailable', url, reason };
      log.error('rollout-unavailable', `Policies come from this host alone. ${reason}`);
    }
  }

  /** What was distributed last, before there is a network; where that does not load, what the host has of its own. */
  async prepareFirst(): Promise<Prepared> {
    if (this.#rollout?.files === undefined) return this.prepare();
    try {
      const prepared = await this.prepare();
      this.#began = 'with-last-known-good';
      return prepared;
    } catch (error) {
      const text = `What was distributed last cannot be put into force. ${sentenceOf(error)}`;
      this.#foundation.log.error('rollout-error', text);
      return this.prepare(this.#own);
    }
  }

  /** Loads and compiles what is to be in force. Throws PolicyError. */
  async prepare(origin: PolicyOrigin = this.#wanted): Promise<Prepared> {
    const { config, world, modes, log } = this.#foundation;
    const { onUnknown } = config;
    try {
      const prepared = await preparePolicies(world.workshop, origin, { onUnknown, modes });
      logDiagnostics(log, prepared.ruleset.diagnostics);
      return prepared;
    } catch (error) {
      if (error instanceof PolicyError) logDiagnostics(log, error.diagnostics);
      throw error;
    }
  }

  /** Follows the repository from now on, where there is one. */
  follow(enforcement: Enforcement, turns: Turns): void {
    const parts = {
      enforcement,
      watch: this.#foundation.shadow,
      prepare: (files: readonly PolicyFile[]) => this.prepare({ from: 'rollout', files }),
      useOwn: async () => enforcement.activate(await this.prepare(this.#own)),
      inTurn: <Result>(act: () => Promise<Result>) => turns.take(act),
    };
    this.#rollout?.run(parts, this.#began);
  }

  /** Leaves what is in force as it is. */
  end(): void {
    this.#rollout?.end();
  }

  get #own(): PolicyOrigin {
    return { from: 'paths', paths: this.#foundation.config.policies };
  }

  get #wanted(): PolicyOrigin {
    const files = this.#rollout?.files;
    return files === undefined ? this.#own : { from: 'rollout', files };
  }
}
