/** The configuration of a running agent: read again at a reload, of which it takes what can change without a restart. */
import type { Config } from './config.js';
import { changes, type LayeredConfig, withoutRestart } from './config-layers.js';

export interface ConfigChange {
  /** What holds from now on. */
  readonly config: Config;
  /** Keys that take effect now. */
  readonly reloaded: readonly string[];
  /** Keys whose new values wait for a restart. */
  readonly waiting: readonly string[];
  /** The change is in force; without this call the next one is reckoned from the same beginning. */
  keep(): void;
}

export class FollowedConfig {
  readonly #read: () => LayeredConfig;
  #running: LayeredConfig;

  /** Reads it for the first time. Throws ConfigError. */
  constructor(read: () => LayeredConfig) {
    this.#read = read;
    this.#running = read();
  }

  get config(): Config {
    return this.#running.config;
  }

  get remarks(): readonly string[] {
    return this.#running.remarks;
  }

  /** Throws ConfigError; then what is running stays. */
  reread(): ConfigChange {
    const fresh = this.#read();
    const { reload, restart } = changes(this.#running, fresh);
    const next = withoutRestart(this.#running, fresh);
    return {
      config: next.config,
      reloaded: reload,
      waiting: restart,
      keep: () => {
        this.#running = next;
      },
    };
  }
}
