/** What is kept of an image that has come into force. */
import { createHash } from 'node:crypto';
import type { CachedImage } from './cached-image.js';
import type { InForce } from './enforcement.js';

/** `host`: as `hostKey` makes it. */
export function keptImage(
  { prepared, generation }: InForce,
  { version, host, bootId }: Pick<CachedImage, 'version' | 'host' | 'bootId'>,
): CachedImage {
  const { image, files } = prepared;
  return {
    hash: image.hash,
    image: image.bytes,
    rules: image.rules.map(({ rule: { id, mode }, decidedBy }) => ({ id, mode, decidedBy })),
    files,
    version,
    host,
    bootId,
    generation,
  };
}

/** Not the host's id itself, which is nobody's business. */
export function hostKey(id: string): string {
  return createHash('sha256').update(`portcullis ${id}`).digest('hex');
}
