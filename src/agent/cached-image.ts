/**
 * The policy image that was in force last, as one file: a line that names the format, a line with the SHA-256 of everything behind it, a
 * line of JSON that says whose image it is and what its rules are called, and the image. Reading trusts nothing of it.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ABI_VERSION, header, IMAGE_MAGIC } from '../compiler/image/layout.js';
import type { PolicyFile } from '../policy/parse-file.js';
import { limits } from './limits.js';

/** A rule by its number in the image. */
export interface CachedRule {
  readonly id: string;
  readonly mode: 'monitor' | 'enforce';
  readonly decidedBy: 'kernel' | 'user-space';
}

export interface CachedImage {
  /** SHA-256 of the image, hexadecimal. */
  readonly hash: string;
  readonly image: Uint8Array;
  readonly rules: readonly CachedRule[];
  /** What the image was made of: it names rules again where policies have changed since. */
  readonly files: readonly PolicyFile[];
  /** Of the agent that wrote it. */
  readonly version: string;
  /** What tells this host from all others. */
  readonly host: string;
  /** In which boot, and as which generation in it, it was in force. */
  readonly bootId: string;
  readonly generation: bigint;
}

export type CachedImageErrorCode = 'damaged' | 'other-format' | 'other-abi' | 'other-host' | 'too-large';

/** The file is not used; policies are compiled before anything is in force. */
export class CachedImageError extends Error {
  override readonly name = 'CachedImageError';
  readonly code: CachedImageErrorCode;

  constructor(code: CachedImageErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Its last word goes up with every change of what follows. */
const format = 'portcullis-image 1';

const factsSchema = z.object({
  hash: z.string(),
  rules: z.array(
    z.object({ id: z.string(), mode: z.enum(['monitor', 'enforce']), decidedBy: z.enum(['kernel', 'user-space']) }),
  ),
  files: z.array(z.object({ file: z.string(), base64: z.string() })),
  version: z.string(),
  host: z.string(),
  bootId: z.string(),
  generation: z.string().transform(BigInt),
});

/** Throws CachedImageError `too-large`. */
export function encodeCachedImage({ image, files, generation, ...facts }: CachedImage): Uint8Array {
  const text = JSON.stringify({
    ...facts,
    generation: String(generation),
    files: files.map(({ file, text }) => ({ file, base64: Buffer.from(text).toString('base64') })),
  });
  const content = Buffer.concat([Buffer.from(`${text}\n`), image]);
  const most = limits.cachedImage.value;
  if (content.length > most) {
    const message = `the image and its policies have ${content.length} bytes, and ${most} are kept`;
    throw new CachedImageError('too-large', message);
  }
  return Buffer.concat([Buffer.from(`${format}\n${sha256(content)}\n`), content]);
}

/** The image, where this agent can put it into force on this host as it is. Throws CachedImageError. */
export function decodeCachedImage(bytes: Uint8Array, host: string): CachedImage {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [first, afterFirst] = lineOf(file, 0);
  if (first !== format) throw new CachedImageError('other-format', 'it is not written as this agent writes it');
  const [sum, afterSum] = lineOf(file, afterFirst);
  const content = file.subarray(afterSum);
  if (sum !== sha256(content)) throw new CachedImageError('damaged', 'its checksum is another');
  const [text, afterText] = lineOf(content, 0);
  const { files, ...facts } = readFacts(text);
  // a copy of its own: the kernel's side reads words of it
  const image = Uint8Array.from(content.subarray(afterText));
  if (facts.host !== host) throw new CachedImageError('other-host', 'it was written on another host');
  checkImage(image, facts.hash);
  return {
    ...facts,
    image,
    files: files.map(({ file, base64 }) => ({ file, text: Buffer.from(base64, 'base64') })),
  };
}

function readFacts(text: string): z.output<typeof factsSchema> {
  try {
    return factsSchema.parse(JSON.parse(text));
  } catch {
    throw new CachedImageError('damaged', 'what it says of the image makes no sense');
  }
}

function checkImage(image: Uint8Array, hash: string): void {
  if (image.length < header.size + 4 || sha256(image) !== hash)
    throw new CachedImageError('damaged', 'the image is not the one that it names');
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const version = view.getUint32(header.version, true);
  if (view.getUint32(header.magic, true) !== IMAGE_MAGIC || version !== ABI_VERSION)
    throw new CachedImageError('other-abi', `its image is for version ${version} of the programs, not ${ABI_VERSION}`);
  if (view.getUint32(header.size, true) !== image.length)
    throw new CachedImageError('damaged', 'the image has another length than it says');
}

/** A line and where the next one begins. */
function lineOf(bytes: Buffer, from: number): [string, number] {
  const end = bytes.indexOf(0x0a, from);
  return end < 0 ? ['', bytes.length] : [bytes.toString('utf8', from, end), end + 1];
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
