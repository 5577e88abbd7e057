/** A repository as its publisher sees it: what is signed now, and how a new version of it is signed. */
import { createHash } from 'node:crypto';
import { Metadata, MetaFile, type Root, Snapshot, TargetFile, Targets, Timestamp } from '@tufjs/models';
import { PublishError, TrustError } from '../errors.js';
import type { Keyring } from '../keys/keyring.js';
import { customOf, type Release, releaseOf, targetName } from '../release.js';
import { RepositoryDirectory } from './directory.js';
import {
  type AnyMetadata,
  canSign,
  defaultLifetimes,
  expiry,
  type Lifetimes,
  parseMetadata,
  type RoleName,
  readRoot,
  readSnapshot,
  readTargets,
  readTimestamp,
  serialize,
  signAs,
  specVersion,
} from './metadata.js';

/** What a publication signed: roles for which no key was at hand are left for `resign`. */
export interface Signed {
  readonly signed: readonly RoleName[];
  readonly left: readonly RoleName[];
}

export class Repository {
  readonly directory: RepositoryDirectory;
  readonly root: Metadata<Root>;
  readonly releases: readonly Release[];
  /** Versions of the metadata that is signed now; the timestamp's is 0 before the first one. */
  readonly versions: Readonly<Record<RoleName, number>>;
  /** When each role's signature ends: milliseconds since the epoch. */
  readonly expires: Readonly<Partial<Record<RoleName, number>>>;

  private constructor(
    directory: RepositoryDirectory,
    root: Metadata<Root>,
    releases: readonly Release[],
    metadata: Readonly<Partial<Record<RoleName, AnyMetadata>>>,
  ) {
    this.directory = directory;
    this.root = root;
    this.releases = releases;
    const version = (role: RoleName) => metadata[role]?.signed.version ?? 0;
    this.versions = {
      root: version('root'),
      targets: version('targets'),
      snapshot: version('snapshot'),
      timestamp: version('timestamp'),
    };
    this.expires = Object.fromEntries(
      Object.entries(metadata).map(([role, { signed }]) => [role, Date.parse(signed.expires)]),
    );
  }

  /** Reads and verifies what is signed now. Throws PublishError. */
  static async open(path: string): Promise<Repository> {
    const directory = new RepositoryDirectory(path);
    const version = await directory.latest('root');
    if (version === 0) {
      throw new PublishError('repository', `There is no repository in ${path}; \`rollout init\` makes one.`);
    }
    const root = await readRootVersion(directory, version);
    // A new root comes before what its new keys sign: until then the old root's keys are good here.
    const earlier = version > 1 ? [await readRootVersion(directory, version - 1)] : [];
    const roots = [root, ...earlier];
    const metadata: Partial<Record<RoleName, AnyMetadata>> = { root };
    let releases: Release[] = [];
    const snapshotVersion = await directory.latest('snapshot');
    if (snapshotVersion > 0) {
      const snapshotPath = directory.metadataPath('snapshot', snapshotVersion);
      const snapshot = parseMetadata(readSnapshot, await directory.read(snapshotPath), snapshotPath);
      verify('snapshot', snapshot, roots);
      const meta = snapshot.signed.meta['targets.json'];
      if (meta === undefined) throw new PublishError('repository', `${snapshotPath} names no targets.`);
      const targetsPath = directory.metadataPath('targets', meta.version);
      const bytes = await directory.read(targetsPath);
      meta.verify(bytes);
      const targets = parseMetadata(readTargets, bytes, targetsPath);
      verify('targets', targets, roots);
      releases = Object.values(targets.signed.targets).map(readRelease);
      Object.assign(metadata, { snapshot, targets });
    }
    const timestampPath = directory.metadataPath('timestamp', 0);
    const timestamp = await directory.readIfThere(timestampPath);
    if (timestamp !== undefined) metadata.timestamp = parseMetadata(readTimestamp, timestamp, timestampPath);
    return new Repository(directory, root, releases, metadata);
  }

  get lifetimes(): Lifetimes {
    const days = this.root.signed.unrecognizedFields.portcullis_days;
    return { ...defaultLifetimes, ...(typeof days === 'object' && !Array.isArray(days) ? (days as object) : {}) };
  }

  /** The bytes of a release's file, as they were signed. Throws PublishError. */
  async bytesOf(release: Release): Promise<Buffer> {
    // That of a restored release lies under its earlier name until it is published.
    const earlier = this.releases.find((other) => other.sha256 === release.sha256);
    const path = this.directory.targetPath(earlier ?? release);
    const bytes = await this.directory.read(path);
    if (bytes.length !== release.length || sha256(bytes) !== release.sha256) {
      throw new PublishError('repository', `${path} is not what was signed.`);
    }
    return bytes;
  }

  /**
   * Signs and writes these releases in place of the ones before; `files` has the bytes of new ones by SHA-256. Without
   * the timestamp's key everything else is written, and hosts see it once the timestamp is signed. `now`: milliseconds
   * since the epoch. Throws PublishError; then hosts see what they saw before.
   */
  publish(
    releases: readonly Release[],
    files: ReadonlyMap<string, Uint8Array>,
    { keyring, now }: { keyring: Keyring; now: number },
  ): Promise<Signed> {
    return this.directory.locked(async () => {
      await this.#assertUnchanged();
      const version = (await this.directory.latest('targets')) + 1;
      const targets = new Metadata(
        new Targets({
          specVersion,
          version,
          expires: expiry(now, this.lifetimes.targets),
          targets: Object.fromEntries(releases.map((release) => [targetName(release), targetOf(release)])),
        }),
      );
      await signAs('targets', targets, this.root.signed, keyring);
      const bytes = serialize(targets);
      const snapshot = await this.#snapshot(version, bytes, { keyring, now });
      for (const release of releases) await this.#place(release, files);
      await this.directory.write(this.directory.metadataPath('targets', version), bytes);
      await this.#write('snapshot', snapshot);
      return this.#timestamp(snapshot, ['targets', 'snapshot'], { keyring, now });
    });
  }

  /** Signs everything anew that the keys at hand can sign, unaltered, so that it does not expire. Throws PublishError. */
  async resign({ keyring, now }: { keyring: Keyring; now: number }): Promise<Signed> {
    const root = this.root.signed;
    if (canSign('targets', root, keyring) && canSign('snapshot', root, keyring)) {
      return this.publish(this.releases, new Map(), { keyring, now });
    }
    return this.directory.locked(async () => {
      await this.#assertUnchanged();
      const path = this.directory.metadataPath('snapshot', this.versions.snapshot);
      const snapshot = parseMetadata(readSnapshot, await this.directory.read(path), path);
      const done = await this.#timestamp(snapshot, [], { keyring, now });
      if (done.signed.length > 0) return done;
      throw new PublishError('key', 'Not even the key of the timestamp is at hand; nothing was signed.');
    });
  }

  async #place(release: Release, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const path = this.directory.targetPath(release);
    if ((await this.directory.readIfThere(path)) !== undefined) return;
    await this.directory.write(path, files.get(release.sha256) ?? (await this.bytesOf(release)));
  }

  async #snapshot(
    version: number,
    targets: Buffer,
    { keyring, now }: { keyring: Keyring; now: number },
  ): Promise<Metadata<Snapshot>> {
    const snapshot = new Metadata(
      new Snapshot({
        specVersion,
        version: (await this.directory.latest('snapshot')) + 1,
        expires: expiry(now, this.lifetimes.snapshot),
        meta: { 'targets.json': metaOf(version, targets) },
      }),
    );
    await signAs('snapshot', snapshot, this.root.signed, keyring);
    return snapshot;
  }

  async #timestamp(
    snapshot: Metadata<Snapshot>,
    signed: readonly RoleName[],
    { keyring, now }: { keyring: Keyring; now: number },
  ): Promise<Signed> {
    if (!canSign('timestamp', this.root.signed, keyring)) return { signed, left: ['timestamp'] };
    const timestamp = new Metadata(
      new Timestamp({
        specVersion,
        version: this.versions.timestamp + 1,
        expires: expiry(now, this.lifetimes.timestamp),
        snapshotMeta: metaOf(snapshot.signed.version, serialize(snapshot)),
      }),
    );
    await signAs('timestamp', timestamp, this.root.signed, keyring);
    await this.#write('timestamp', timestamp);
    return { signed: [...signed, 'timestamp'], left: [] };
  }

  async #write(role: RoleName, metadata: AnyMetadata): Promise<void> {
    await this.directory.write(this.directory.metadataPath(role, metadata.signed.version), serialize(metadata));
  }

  /** What a decision was made on must still be what is signed. */
  async #assertUnchanged(): Promise<void> {
    const [root, snapshot] = [await this.directory.latest('root'), await this.directory.latest('snapshot')];
    if (root !== this.versions.root || snapshot !== this.versions.snapshot) {
      throw new PublishError('locked', 'Somebody published meanwhile; look at it and try again.');
    }
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function readRootVersion(directory: RepositoryDirectory, version: number): Promise<Metadata<Root>> {
  const path = directory.metadataPath('root', version);
  const root = parseMetadata(readRoot, await directory.read(path), path);
  verify('root', root, [root]);
  return root;
}

function verify(role: RoleName, metadata: AnyMetadata, roots: readonly Metadata<Root>[]): void {
  let why = '';
  for (const root of roots) {
    try {
      root.verifyDelegate(role, metadata as Metadata<Root>);
      return;
    } catch (error) {
      why = (error as Error).message;
    }
  }
  throw new PublishError(
    'repository',
    `The signatures of ${role} version ${metadata.signed.version} do not hold: ${why}.`,
  );
}

function readRelease(target: TargetFile): Release {
  try {
    return releaseOf(target);
  } catch (error) {
    if (error instanceof TrustError) throw new PublishError('repository', error.message);
    throw error;
  }
}

function targetOf(release: Release): TargetFile {
  return TargetFile.fromJSON(targetName(release), {
    length: release.length,
    hashes: { sha256: release.sha256 },
    custom: customOf(release),
  } as Parameters<typeof TargetFile.fromJSON>[1]);
}

function metaOf(version: number, bytes: Buffer): MetaFile {
  return new MetaFile({ version, length: bytes.length, hashes: { sha256: sha256(bytes) } });
}
