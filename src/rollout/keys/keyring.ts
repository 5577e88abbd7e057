/** The signing keys that a publisher has at hand: files in directories, opened when something is to be signed. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PublishError } from '../errors.js';
import { limits } from '../limits.js';
import { decryptKey, encryptKey, type KeyFile, newKey, parseKeyFile, type SigningKey } from './key-file.js';

/** Gives the passphrase of a key file. */
export type AskPassphrase = (path: string) => Promise<string>;

/** A key that lies in a file. */
export interface KeyAtHand {
  readonly path: string;
  readonly keyid: string;
}

const extension = '.key';

export class Keyring {
  readonly #files = new Map<string, { path: string; file: KeyFile }>();
  readonly #open = new Map<string, SigningKey>();
  readonly #ask: AskPassphrase;

  private constructor(ask: AskPassphrase) {
    this.#ask = ask;
  }

  /** Finds the `*.key` files in the directories, which need not all be there. Throws PublishError. */
  static async read(directories: readonly string[], ask: AskPassphrase): Promise<Keyring> {
    const keyring = new Keyring(ask);
    for (const directory of directories) await keyring.#readDirectory(directory);
    return keyring;
  }

  get keys(): KeyAtHand[] {
    return [...this.#files].map(([keyid, { path }]) => ({ keyid, path }));
  }

  has(keyid: string): boolean {
    return this.#files.has(keyid);
  }

  /** Throws PublishError when there is no such key at hand, or it cannot be opened. */
  async signer(keyid: string): Promise<SigningKey> {
    const open = this.#open.get(keyid);
    if (open !== undefined) return open;
    const found = this.#files.get(keyid);
    if (found === undefined) throw new PublishError('key', `The key ${keyid} is not at hand.`);
    const key = await decryptKey(found.file, await this.#ask(found.path), found.path);
    this.#open.set(keyid, key);
    return key;
  }

  /** Makes a key and writes its file, readable for its owner alone. Throws when there is such a file. */
  async create(directory: string, name: string, cost?: number): Promise<SigningKey> {
    const path = join(directory, `${name}${extension}`);
    const key = newKey();
    const text = await encryptKey(key, await this.#ask(path), cost);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    try {
      await writeFile(path, text, { mode: 0o600, flag: 'wx', flush: true });
    } catch (error) {
      const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
      throw exists ? new PublishError('key', `${path} is there already; it is not replaced.`) : error;
    }
    this.#files.set(key.keyid, { path, file: parseKeyFile(text, path) });
    this.#open.set(key.keyid, key);
    return key;
  }

  async #readDirectory(directory: string): Promise<void> {
    let names: string[];
    try {
      names = await readdir(directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw new PublishError('key', `Cannot read ${directory}: ${(error as Error).message}.`);
    }
    for (const name of names.filter((name) => name.endsWith(extension)).sort()) {
      const path = join(directory, name);
      if ((await stat(path)).size > limits.keyFileBytes.value) throw new PublishError('key', `${path} is no key file.`);
      const file = parseKeyFile(await readFile(path, 'utf8'), path);
      this.#files.set(file.keyid, { path, file });
    }
  }
}
