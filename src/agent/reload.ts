/** A reload: configuration and policies are read again, and the image is swapped. On any failure what was in force stays, and the log says why. */
import type { ReloadResult } from '../telemetry/metrics.js';
import type { Config } from './config.js';
import type { ConfigChange } from './config-follow.js';
import type { Foundation } from './foundation.js';
import type { KernelSide } from './kernel-side.js';
import type { PolicySource } from './policy-source.js';
import { sentenceOf } from './sentence.js';

export class Reloader {
  readonly #foundation: Foundation;
  readonly #kernel: KernelSide;
  readonly #policies: PolicySource;

  constructor(foundation: Foundation, kernel: KernelSide, policies: PolicySource) {
    this.#foundation = foundation;
    this.#kernel = kernel;
    this.#policies = policies;
  }

  /** Never rejects. */
  async reload(): Promise<ReloadResult> {
    const { log, metrics, health } = this.#foundation;
    log.info('reload-started', 'Loading the policies again.');
    const result = await this.#reload();
    metrics.reload(result);
    health.state({ lastReload: result });
    return result;
  }

  async #reload(): Promise<ReloadResult> {
    const { users, groups } = this.#foundation;
    try {
      users.refresh();
      groups.refresh();
      this.#reopenLog();
      return await this.#reconfigure(() => this.#swap());
    } catch (error) {
      this.#refuse(error);
      return 'refused';
    }
  }

  /** With the configuration as it reads now; the old one holds again, as a whole, when nothing came of it. */
  async #reconfigure(act: () => Promise<ReloadResult>): Promise<ReloadResult> {
    const { config: old, world } = this.#foundation;
    const change = world.rereadConfig?.();
    try {
      if (change !== undefined) this.#useConfig(change.config);
    } catch (error) {
      // the kernel may have taken some of it
      this.#useAgain(old);
      throw error;
    }
    const result = await act();
    if (result === 'refused') this.#useAgain(old);
    else if (change !== undefined) this.#sayChange(change);
    return result;
  }

  #useAgain(old: Config): void {
    try {
      this.#useConfig(old);
    } catch (error) {
      const text = `The kernel has taken not all of the old configuration again: reload once more. ${sentenceOf(error)}`;
      this.#foundation.log.error('reload-refused', text, { code: codeOf(error) });
    }
  }

  #useConfig(config: Config): void {
    this.#foundation.config = config;
    this.#foundation.log.level = config.log.level;
    this.#kernel.safeguards.use(config);
  }

  #sayChange({ reloaded, waiting, keep }: ConfigChange): void {
    const { log } = this.#foundation;
    keep();
    if (reloaded.length > 0) {
      const text = `The configuration has changed: ${reloaded.join(', ')}.`;
      log.info('config-changed', text, { keys: reloaded });
    }
    if (waiting.length > 0) {
      const text = `The configuration has changed in what needs a restart: ${waiting.join(', ')}.`;
      log.warn('config-waits', text, { keys: waiting });
    }
  }

  async #swap(): Promise<ReloadResult> {
    const { log } = this.#foundation;
    try {
      const prepared = await this.#policies.prepare();
      if (prepared.refusedFiles.length > 0) {
        const files = prepared.refusedFiles.join(', ');
        const why = `No rule could be loaded from ${files}.`;
        this.#refuse(Object.assign(new Error(why), { code: 'policy-refused' }));
        return 'refused';
      }
      await this.#kernel.enforcement.activate(prepared);
      const errors = prepared.ruleset.diagnostics.filter(({ severity }) => severity === 'error').length;
      if (errors === 0) {
        log.info('reload-done', 'The new policy is in force.');
        return 'done';
      }
      const text = `The new policy is in force without what its ${errors} errors are about.`;
      log.error('reload-done', text, { errors });
      return 'partial';
    } catch (error) {
      this.#refuse(error);
      return 'refused';
    }
  }

  #refuse(error: unknown): void {
    const text = `The old policy stays in force. ${sentenceOf(error)}`;
    this.#foundation.log.error('reload-refused', text, { code: codeOf(error) });
  }

  /** A log that was moved away by rotation is written anew under its name. */
  #reopenLog(): void {
    const { sink, log } = this.#foundation;
    try {
      sink.reopen();
      log.debug('log-reopened', 'The log was opened again.');
    } catch (error) {
      log.error('log-reopen-failed', `${sentenceOf(error)} The old file is written on.`);
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
