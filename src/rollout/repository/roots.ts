/**
 * The root: which keys sign what. Its keys lie offline and may belong to several people, so a new root can be a draft
 * that one after another signs; it is published when old and new root keys have signed as often as their thresholds ask.
 */
import { join } from 'node:path';
import { Metadata, Root } from '@tufjs/models';
import { PublishError } from '../errors.js';
import type { SigningKey } from '../keys/key-file.js';
import type { Keyring } from '../keys/keyring.js';
import { RepositoryDirectory } from './directory.js';
import {
  addSignature,
  canSign,
  defaultLifetimes,
  expiry,
  type Lifetimes,
  parseMetadata,
  publicKey,
  type RoleName,
  readRoot,
  roleNames,
  serialize,
  specVersion,
} from './metadata.js';
import { Repository } from './repository.js';

export interface InitOptions {
  /** Where the new keys are written. */
  readonly keys: string;
  readonly keyring: Keyring;
  readonly rootKeys: number;
  readonly rootThreshold: number;
  readonly lifetimes?: Partial<Lifetimes>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** scrypt rounds; for tests. */
  readonly cost?: number;
}

/** Makes keys, the first root and an empty set of policies. Throws PublishError when there is a repository already. */
export async function initRepository(path: string, options: InitOptions): Promise<Repository> {
  const { keyring, rootKeys, rootThreshold, now, cost } = options;
  const directory = new RepositoryDirectory(path);
  if ((await directory.latest('root')) > 0) throw new PublishError('repository', `There is a repository in ${path}.`);
  if (rootThreshold < 1 || rootThreshold > rootKeys) {
    throw new PublishError('key', `A threshold of ${rootThreshold} does not fit ${rootKeys} root keys.`);
  }
  const make = (name: string) => keyring.create(options.keys, name, cost);
  const rootOnes: SigningKey[] = [];
  for (let number = 1; number <= rootKeys; number++) rootOnes.push(await make(`root-${number}`));
  const lifetimes = { ...defaultLifetimes, ...options.lifetimes };
  const roles = roleNames.map((role) => [role, { keyids: [], threshold: role === 'root' ? rootThreshold : 1 }]);
  const root = new Metadata(
    Root.fromJSON({
      _type: 'root',
      spec_version: specVersion,
      version: 1,
      expires: expiry(now, lifetimes.root),
      keys: {},
      roles: Object.fromEntries(roles) as Record<string, never>,
      consistent_snapshot: true,
      portcullis_days: lifetimes,
    }),
  );
  for (const key of rootOnes) root.signed.addKey(publicKey(key), 'root');
  for (const role of ['targets', 'snapshot', 'timestamp'] as const) {
    root.signed.addKey(publicKey(await make(role)), role);
  }
  for (const key of rootOnes) addSignature(root, key);
  await directory.locked(() => directory.write(directory.metadataPath('root', 1), serialize(root)));
  const repository = await Repository.open(path);
  await repository.publish([], new Map(), { keyring, now });
  return Repository.open(path);
}

/** A new root that not everybody has signed yet, or that was published. */
export type RootChange =
  | { readonly outcome: 'published'; readonly version: number }
  | { readonly outcome: 'draft'; readonly path: string; readonly missing: string };

export interface RootOptions {
  /** Where drafts lie and new keys are written. */
  readonly keys: string;
  readonly keyring: Keyring;
  readonly now: number;
  readonly cost?: number;
}

/**
 * Replaces a key of a role by a new one; `replaced` says which when the role has several. What the role signed is signed
 * anew when the root is published. Throws PublishError.
 */
export async function rotateKey(
  repository: Repository,
  role: RoleName,
  options: RootOptions & { readonly replaced?: string },
): Promise<RootChange> {
  const root = nextRoot(repository, options.now);
  const { keyIDs } = root.signed.roles[role]!;
  const replaced = options.replaced ?? (keyIDs.length === 1 ? keyIDs[0]! : undefined);
  if (replaced === undefined || !keyIDs.includes(replaced)) {
    throw new PublishError('key', `Say which of the keys of ${role} is replaced: ${keyIDs.join(', ')}.`);
  }
  const key = await options.keyring.create(options.keys, `${role}-v${root.signed.version}`, options.cost);
  keyIDs.splice(keyIDs.indexOf(replaced), 1);
  root.signed.addKey(publicKey(key), role);
  const stillUsed = Object.values(root.signed.roles).some((other) => other.keyIDs.includes(replaced));
  if (!stillUsed) delete root.signed.keys[replaced];
  return signRoot(repository, root, options);
}

/** A root with the same keys and a later end. Throws PublishError. */
export function renewRoot(repository: Repository, options: RootOptions): Promise<RootChange> {
  return signRoot(repository, nextRoot(repository, options.now), options);
}

/** Adds the signatures of the keys at hand to the draft. Throws PublishError when there is none. */
export async function signDraft(repository: Repository, options: RootOptions): Promise<RootChange> {
  const path = draftPath(options.keys);
  const draft = parseMetadata(readRoot, await repository.directory.read(path), path);
  if (draft.signed.version !== repository.root.signed.version + 1) {
    throw new PublishError('release', `The draft is of root version ${draft.signed.version}, which is past.`);
  }
  return signRoot(repository, draft, options);
}

function nextRoot(repository: Repository, now: number): Metadata<Root> {
  // toJSON shares its lists with the root, which must still say who signed it so far.
  const next = Root.fromJSON(JSON.parse(JSON.stringify(repository.root.signed.toJSON())));
  return new Metadata(
    new Root({
      specVersion,
      version: next.version + 1,
      expires: expiry(now, repository.lifetimes.root),
      keys: next.keys,
      roles: next.roles,
      consistentSnapshot: true,
      unrecognizedFields: next.unrecognizedFields,
    }),
  );
}

async function signRoot(repository: Repository, root: Metadata<Root>, options: RootOptions): Promise<RootChange> {
  const { keyring, now } = options;
  const wanted = new Set([...repository.root.signed.roles.root!.keyIDs, ...root.signed.roles.root!.keyIDs]);
  for (const keyid of wanted) if (keyring.has(keyid)) addSignature(root, await keyring.signer(keyid));
  const missing = unsigned(repository.root, root) ?? unsigned(root, root) ?? unsignable(repository.root, root, keyring);
  const { directory } = repository;
  const path = draftPath(options.keys);
  if (missing !== undefined) {
    await directory.write(path, serialize(root));
    return { outcome: 'draft', path, missing };
  }
  await directory.locked(() => directory.write(directory.metadataPath('root', root.signed.version), serialize(root)));
  // Hosts that see the new root must find everything signed by the keys it names.
  await (await Repository.open(directory.path)).resign({ keyring, now });
  await directory.remove(path);
  return { outcome: 'published', version: root.signed.version };
}

function unsigned(by: Metadata<Root>, root: Metadata<Root>): string | undefined {
  try {
    by.verifyDelegate('root', root);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What the root's publisher could not sign anew: a root whose keys have signed nothing would leave hosts without updates. */
function unsignable(before: Metadata<Root>, root: Metadata<Root>, keyring: Keyring): string | undefined {
  const keysOf = ({ signed }: Metadata<Root>, role: RoleName) => signed.roles[role]!.keyIDs.join();
  const replaced = (['targets', 'snapshot'] as const).some((role) => keysOf(before, role) !== keysOf(root, role));
  const needed: RoleName[] = replaced ? ['targets', 'snapshot', 'timestamp'] : ['timestamp'];
  const absent = needed.filter((role) => !canSign(role, root.signed, keyring));
  return absent.length === 0 ? undefined : `the keys of ${absent.join(', ')} must be at hand too`;
}

function draftPath(keys: string): string {
  return join(keys, 'draft.root.json');
}
