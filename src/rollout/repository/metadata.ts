/** TUF metadata as the publisher makes it: four roles, ed25519 signatures, expiry by days. */
import { sign } from 'node:crypto';
import {
  Key,
  Metadata,
  MetadataKind,
  type Root,
  Signature,
  type Snapshot,
  type Targets,
  type Timestamp,
} from '@tufjs/models';
import { PublishError } from '../errors.js';
import type { SigningKey } from '../keys/key-file.js';
import type { Keyring } from '../keys/keyring.js';

export const specVersion = '1.0.31';

export const roleNames = ['root', 'targets', 'snapshot', 'timestamp'] as const;
export type RoleName = (typeof roleNames)[number];

/** Days for which each role's signature is good. */
export type Lifetimes = Readonly<Record<RoleName, number>>;

/**
 * The timestamp is what an attacker between publisher and host can hold back the longest, and what a cron job renews; the
 * root asks people to bring their keys.
 */
export const defaultLifetimes: Lifetimes = { root: 365, targets: 90, snapshot: 90, timestamp: 7 };

export type AnyMetadata = Metadata<Root> | Metadata<Targets> | Metadata<Snapshot> | Metadata<Timestamp>;

/** When a signature made now ends, as TUF writes it. `now` in milliseconds since the epoch. */
export function expiry(now: number, days: number): string {
  return `${new Date(now + days * 86_400_000).toISOString().slice(0, 19)}Z`;
}

export function publicKey({ keyid, publicKey }: Pick<SigningKey, 'keyid' | 'publicKey'>): Key {
  return new Key({ keyID: keyid, keyType: 'ed25519', scheme: 'ed25519', keyVal: { public: publicKey } });
}

/** Adds the signature of a key. */
export function addSignature(metadata: AnyMetadata, key: SigningKey): void {
  metadata.sign((bytes) => new Signature({ keyID: key.keyid, sig: sign(null, bytes, key.privateKey).toString('hex') }));
}

/** Signs as a role of the root, with as many keys as its threshold asks for. Throws PublishError when they are not at hand. */
export async function signAs(role: RoleName, metadata: AnyMetadata, root: Root, keyring: Keyring): Promise<void> {
  const { keyIDs, threshold } = root.roles[role]!;
  const atHand = keyIDs.filter((keyid) => keyring.has(keyid));
  if (atHand.length < threshold) {
    throw new PublishError(
      'key',
      `Signing as ${role} takes ${threshold} of its keys; ${atHand.length} of them are at hand.`,
    );
  }
  for (const keyid of atHand.slice(0, threshold)) addSignature(metadata, await keyring.signer(keyid));
}

/** Whether the keys that a role needs are at hand. */
export function canSign(role: RoleName, root: Root, keyring: Keyring): boolean {
  const { keyIDs, threshold } = root.roles[role]!;
  return keyIDs.filter((keyid) => keyring.has(keyid)).length >= threshold;
}

/** The file's bytes. */
export function serialize(metadata: AnyMetadata): Buffer {
  return Buffer.from(`${JSON.stringify(metadata.toJSON())}\n`);
}

/** Reads a file of metadata without verifying it. Throws PublishError. */
export function parseMetadata<Parsed extends AnyMetadata>(
  read: (json: Parameters<typeof Metadata.fromJSON>[1]) => Parsed,
  bytes: Uint8Array,
  path: string,
): Parsed {
  try {
    return read(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    throw new PublishError('repository', `${path} is no metadata: ${(error as Error).message}.`);
  }
}

export const readRoot = (json: Parameters<typeof Metadata.fromJSON>[1]) => Metadata.fromJSON(MetadataKind.Root, json);
export const readTargets = (json: Parameters<typeof Metadata.fromJSON>[1]) =>
  Metadata.fromJSON(MetadataKind.Targets, json);
export const readSnapshot = (json: Parameters<typeof Metadata.fromJSON>[1]) =>
  Metadata.fromJSON(MetadataKind.Snapshot, json);
export const readTimestamp = (json: Parameters<typeof Metadata.fromJSON>[1]) =>
  Metadata.fromJSON(MetadataKind.Timestamp, json);
