/**
 * From what a host trusts already to what it may trust now: the client workflow of TUF, as tuf-js implements it. It works
 * on a scratch directory; what it verified is handed back, and kept by the store in one step.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata, MetadataKind } from '@tufjs/models';
import { type Fetcher, Updater } from 'tuf-js';
// tuf-js takes only this class for "there is no newer root", and does not export it by its name.
import { DownloadHTTPError } from 'tuf-js/dist/error.js';
import { FetchError, type TrustCode, TrustError } from '../errors.js';
import { limits } from '../limits.js';
import { type Release, releaseOf } from '../release.js';
import type { TrustedFiles } from './store.js';

/** Gets a file of the repository, of at most so many bytes. Rejects with a FetchError. */
export type GetFile = (path: string, limit: number) => Promise<Buffer>;

export type RoleName = 'root' | 'timestamp' | 'snapshot' | 'targets';

/** What verified metadata says. */
export interface Verified {
  readonly releases: readonly Release[];
  readonly versions: Readonly<Record<RoleName, number>>;
}

export type Refresh =
  | { readonly outcome: 'verified'; readonly files: TrustedFiles; readonly verified: Verified }
  /** `files`: as far as it was verified before. */
  | { readonly outcome: 'failed'; readonly files: TrustedFiles; readonly error: FetchError | TrustError };

/** Where the URL of the repository stands for tuf-js, which wants one. Paths are taken off it again. */
const base = 'http://repository.invalid/metadata';

/** Never rejects over what the repository holds. */
export async function refresh(trusted: TrustedFiles, get: GetFile): Promise<Refresh> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-rollout-'));
  try {
    for (const [role, text] of Object.entries(trusted)) {
      if (text !== undefined) await writeFile(join(directory, `${role}.json`), text as string);
    }
    const fetcher = new RecordingFetcher(get);
    try {
      const updater = new Updater({ metadataDir: directory, metadataBaseUrl: base, fetcher, config });
      await updater.refresh();
      const files = await readFiles(directory, trusted);
      return { outcome: 'verified', files, verified: readVerified(files) };
    } catch (error) {
      const files = await readFiles(directory, trusted);
      return {
        outcome: 'failed',
        files,
        error: error instanceof TrustError ? error : (fetcher.failure ?? trustError(error)),
      };
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Reads metadata that was verified. Throws TrustError when what was signed makes no sense. */
export function readVerified(files: TrustedFiles): Verified {
  const targets = Metadata.fromJSON(MetadataKind.Targets, JSON.parse(files.targets ?? ''));
  return {
    releases: Object.values(targets.signed.targets).map(releaseOf),
    versions: {
      root: versionOf(files.root),
      timestamp: versionOf(files.timestamp),
      snapshot: versionOf(files.snapshot),
      targets: targets.signed.version,
    },
  };
}

/** When the signatures of verified metadata end: milliseconds since the epoch. */
export function expiriesOf(files: TrustedFiles): Partial<Record<RoleName, number>> {
  const expiries: Partial<Record<RoleName, number>> = {};
  for (const role of ['root', 'timestamp', 'snapshot', 'targets'] as const) {
    const text = files[role];
    if (text !== undefined) expiries[role] = Date.parse(JSON.parse(text).signed.expires);
  }
  return expiries;
}

const config = {
  maxRootRotations: limits.rootRotations.value,
  rootMaxLength: limits.rootBytes.value,
  timestampMaxLength: limits.timestampBytes.value,
  snapshotMaxLength: limits.snapshotBytes.value,
  targetsMaxLength: limits.targetsBytes.value,
};

class RecordingFetcher implements Fetcher {
  readonly #get: GetFile;
  /** tuf-js tells some failures of a fetch on as text alone. */
  failure: FetchError | undefined;

  constructor(get: GetFile) {
    this.#get = get;
  }

  async downloadBytes(url: string, limit: number): Promise<Buffer> {
    const path = new URL(url).pathname.slice(1);
    try {
      return await this.#get(path, limit);
    } catch (error) {
      if (!(error instanceof FetchError)) throw error;
      const isNext = path.endsWith('.root.json') && (error.status === 404 || error.status === 403);
      if (isNext) throw new DownloadHTTPError(error.message, error.status!);
      this.failure = error;
      throw error;
    }
  }

  async downloadFile<Result>(): Promise<Result> {
    throw new Error('Targets are fetched by the follower.');
  }
}

/** tuf-js has few classes of errors and wraps some of them as text, so the text tells them apart. */
const meanings: readonly (readonly [RegExp, TrustCode])[] = [
  [/expired/, 'expired'],
  [/is less than current|Expected version|Missing file/, 'rollback'],
  [/was signed by|no signature|failed to verify|delegation found|multiple signatures/, 'signatures'],
  [/Expected (length|hash)|match (timestamp|snapshot)|does not match|Missing \S+ in snapshot/, 'mismatch'],
];

function trustError(error: unknown): TrustError {
  const message = (error instanceof Error ? error.message : String(error)).replace(
    /^Unable to load \w+( metadata)? error (\w*Error: )?/,
    '',
  );
  const code = meanings.find(([pattern]) => pattern.test(message))?.[1] ?? 'malformed';
  return new TrustError(code, `The metadata is not trusted: ${message.slice(0, 300)}.`);
}

async function readFiles(directory: string, before: TrustedFiles): Promise<TrustedFiles> {
  const read = async (role: RoleName) => {
    try {
      return await readFile(join(directory, `${role}.json`), 'utf8');
    } catch {
      return undefined;
    }
  };
  return {
    root: (await read('root')) ?? before.root,
    timestamp: await read('timestamp'),
    snapshot: await read('snapshot'),
    targets: await read('targets'),
  };
}

function versionOf(text: string | undefined): number {
  return text === undefined ? 0 : Number(JSON.parse(text).signed.version);
}
