/** A repository in a directory of its own, with keys whose passphrases cost nothing to try. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addRelease, type NewRelease, promoteRelease, stageRelease } from '../../src/rollout/changes.js';
import { Keyring } from '../../src/rollout/keys/keyring.js';
import type { Release } from '../../src/rollout/release.js';
import type { Lifetimes } from '../../src/rollout/repository/metadata.js';
import { Repository, sha256 } from '../../src/rollout/repository/repository.js';
import { initRepository } from '../../src/rollout/repository/roots.js';

export const cheap = 2;

/** A policy that refuses a program of this name. */
export function policyText(name: string, rule = `no_${name.replace(/\W/g, '_')}`): string {
  return `version: 1.0.0
mode: enforce
rules:
  - id: ${rule}
    expression: exec.file.name == "${name}"
    actions:
      - deny: {}
`;
}

export class TestRepository {
  readonly base = mkdtempSync(join(tmpdir(), 'rollout-test-'));
  readonly path = join(this.base, 'repository');
  readonly keys = join(this.base, 'keys');
  keyring!: Keyring;
  now = Date.now();

  static async create(
    options: { rootKeys?: number; rootThreshold?: number; lifetimes?: Partial<Lifetimes> } = {},
  ): Promise<TestRepository> {
    const made = new TestRepository();
    made.keyring = await Keyring.read([made.keys], async () => 'secret');
    await initRepository(made.path, {
      keys: made.keys,
      keyring: made.keyring,
      rootKeys: options.rootKeys ?? 1,
      rootThreshold: options.rootThreshold ?? 1,
      ...(options.lifetimes && { lifetimes: options.lifetimes }),
      now: made.now,
      cost: cheap,
    });
    return made;
  }

  open(): Promise<Repository> {
    return Repository.open(this.path);
  }

  /** Publishes what a change makes of the releases. */
  async change(
    change: (releases: readonly Release[]) => Release[],
    files = new Map<string, Uint8Array>(),
  ): Promise<void> {
    const repository = await this.open();
    await repository.publish(change(repository.releases), files, { keyring: this.keyring, now: this.now });
  }

  /** Adds a release and brings it to its first stage, or all the way. */
  async release(
    policy: string,
    text: string,
    options: Partial<NewRelease> & { to?: 'added' | 'staged' | 'live' } = {},
  ) {
    const bytes = Buffer.from(text);
    const { to = 'live', ...rest } = options;
    const fresh: NewRelease = {
      policy,
      hosts: '',
      stages: [{ percent: 100, bake: 0 }],
      limit: 0,
      ...rest,
      sha256: sha256(bytes),
      length: bytes.length,
    };
    await this.change(
      (releases) => {
        const added = addRelease(releases, fresh, this.now);
        if (to === 'added') return added;
        const staged = stageRelease(added, policy, this.now);
        return to === 'staged' ? staged : promoteRelease(staged, policy, { now: this.now, early: 'allow' });
      },
      new Map([[fresh.sha256, bytes]]),
    );
  }

  remove(): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}
