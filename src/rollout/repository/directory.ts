/**
 * The repository's directory, as any static file server serves it:
 *
 *   metadata/N.root.json, N.targets.json, N.snapshot.json    never altered once written
 *   metadata/timestamp.json                                  the one file that changes: replaced last, in one step
 *   targets/SHA256.POLICY-RELEASE.policy                     never altered
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PublishError } from '../errors.js';
import { type Release, targetName } from '../release.js';
import type { RoleName } from './metadata.js';

export class RepositoryDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Throws PublishError when another publisher holds the lock. */
  async locked<Result>(act: () => Promise<Result>): Promise<Result> {
    await mkdir(this.path, { recursive: true });
    const path = join(this.path, '.lock');
    try {
      const handle = await open(path, 'wx');
      await handle.writeFile(`${process.pid}\n`);
      await handle.close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw this.#unwritable(error);
      throw new PublishError('locked', `Another publisher is at work here; if none is, remove ${path}.`);
    }
    try {
      return await act();
    } finally {
      await rm(path, { force: true });
    }
  }

  /** The highest version of a role that was written; 0 when there is none. */
  async latest(role: Exclude<RoleName, 'timestamp'>): Promise<number> {
    const ending = `.${role}.json`;
    let names: string[];
    try {
      names = await readdir(join(this.path, 'metadata'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw new PublishError('repository', `Cannot read ${this.path}: ${(error as Error).message}.`);
    }
    const versions = names
      .filter((name) => name.endsWith(ending))
      .map((name) => name.slice(0, -ending.length))
      .filter((version) => /^[1-9]\d*$/.test(version))
      .map(Number);
    return Math.max(0, ...versions);
  }

  metadataPath(role: RoleName, version: number): string {
    return join(this.path, 'metadata', role === 'timestamp' ? 'timestamp.json' : `${version}.${role}.json`);
  }

  targetPath(release: Release): string {
    return join(this.path, 'targets', `${release.sha256}.${targetName(release)}`);
  }

  /** Throws PublishError. */
  async read(path: string): Promise<Buffer> {
    const bytes = await this.readIfThere(path);
    if (bytes === undefined) throw new PublishError('repository', `${path} is missing.`);
    return bytes;
  }

  async readIfThere(path: string): Promise<Buffer | undefined> {
    try {
      return await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new PublishError('repository', `Cannot read ${path}: ${(error as Error).message}.`);
    }
  }

  /** Whole or not at all, and on disk when this resolves. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    const temporary = `${path}.new`;
    try {
      await mkdir(dirname(path), { recursive: true });
      const handle = await open(temporary, 'w', 0o644);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
      const directory = await open(dirname(path), 'r');
      await directory.sync().finally(() => directory.close());
    } catch (error) {
      await rm(temporary, { force: true });
      throw this.#unwritable(error);
    }
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }

  #unwritable(error: unknown): PublishError {
    return new PublishError('repository', `Cannot write in ${this.path}: ${(error as Error).message}.`);
  }
}
