/** Metadata as somebody else would sign it: with keys of their own, or with those they got hold of. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Metadata } from '@tufjs/models';
import { newKey, type SigningKey } from '../../src/rollout/keys/key-file.js';
import {
  type AnyMetadata,
  addSignature,
  type RoleName,
  readRoot,
  readSnapshot,
  readTargets,
  readTimestamp,
  serialize,
} from '../../src/rollout/repository/metadata.js';
import type { TestRepository } from './publisher-support.js';

const readers = { root: readRoot, targets: readTargets, snapshot: readSnapshot, timestamp: readTimestamp };
type Json = Record<string, unknown>;

/** The repository's metadata with what it says altered, signed with these keys. */
export function forge(
  bytes: Uint8Array,
  role: RoleName,
  alter: (signed: Json) => void,
  keys: readonly SigningKey[],
): Buffer {
  const json = JSON.parse(Buffer.from(bytes).toString()) as { signed: Json; signatures: unknown[] };
  alter(json.signed);
  const metadata = readers[role]({ ...json, signatures: [] } as unknown as Parameters<
    typeof readRoot
  >[0]) as AnyMetadata;
  const unsigned = new Metadata(metadata.signed as never) as AnyMetadata;
  for (const key of keys) addSignature(unsigned, key);
  return serialize(unsigned);
}

export const strangersKey = newKey();

/** The keys of a role, as a thief has them. */
export async function stolen(repository: TestRepository, role: RoleName): Promise<SigningKey[]> {
  const { keyIDs } = (await repository.open()).root.signed.roles[role]!;
  return Promise.all(keyIDs.map((keyid) => repository.keyring.signer(keyid)));
}

export function metaOf(version: number, bytes: Uint8Array): Json {
  return { version, length: bytes.length, hashes: { sha256: createHash('sha256').update(bytes).digest('hex') } };
}

export function metadataFile(repository: TestRepository, name: string): Buffer {
  return readFileSync(join(repository.path, 'metadata', name));
}
