/**
 * Signing keys at rest: ed25519, encrypted with AES-256-GCM under a key that scrypt derives from a passphrase. The public
 * part is in the clear and is authenticated along with the secret.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  type ScryptOptions,
  scrypt,
} from 'node:crypto';
import { z } from 'zod';
import { PublishError } from '../errors.js';

/** The cost of guessing a passphrase: 2^17 rounds take about half a second and 128 MiB a guess. */
export const defaultCost = 2 ** 17;

const schema = z.strictObject({
  format: z.literal('portcullis-key-1'),
  keyid: z.string(),
  public: z.string().regex(/^[0-9a-f]{64}$/),
  scrypt: z.strictObject({
    salt: z.string(),
    n: z
      .int()
      .min(2)
      .max(2 ** 20),
    r: z.literal(8),
    p: z.literal(1),
  }),
  cipher: z.strictObject({ name: z.literal('aes-256-gcm'), iv: z.string(), tag: z.string(), text: z.string() }),
});

/** A key file as it was read: the secret is still encrypted. */
export type KeyFile = z.infer<typeof schema>;

/** An ed25519 key that can sign. `publicKey` is lower-case hexadecimal of its 32 bytes. */
export interface SigningKey {
  readonly keyid: string;
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

export function newKey(): SigningKey {
  return signingKey(generateKeyPairSync('ed25519').privateKey);
}

/** The key's name: SHA-256 of its canonical TUF form. */
export function keyidOf(publicKey: string): string {
  return createHash('sha256')
    .update(`{"keytype":"ed25519","keyval":{"public":"${publicKey}"},"scheme":"ed25519"}`)
    .digest('hex');
}

/** The text of a key file. */
export async function encryptKey(key: SigningKey, passphrase: string, cost: number = defaultCost): Promise<string> {
  const salt = randomBytes(16);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase, salt, cost), iv);
  cipher.setAAD(authenticated(key.keyid, key.publicKey));
  const secret = key.privateKey.export({ type: 'pkcs8', format: 'der' });
  const text = Buffer.concat([cipher.update(secret), cipher.final()]);
  const file: KeyFile = {
    format: 'portcullis-key-1',
    keyid: key.keyid,
    public: key.publicKey,
    scrypt: { salt: salt.toString('base64'), n: cost, r: 8, p: 1 },
    cipher: {
      name: 'aes-256-gcm',
      iv: iv.toString('base64'),
      tag: cipher.getAuthTag().toString('base64'),
      text: text.toString('base64'),
    },
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** Throws PublishError when it is no key file. */
export function parseKeyFile(text: string, path: string): KeyFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new PublishError('key', `${path} is no key file.`);
  }
  const file = schema.safeParse(json);
  if (!file.success || file.data.keyid !== keyidOf(file.data.public)) {
    throw new PublishError('key', `${path} is no key file, or was altered.`);
  }
  return file.data;
}

/** Throws PublishError when the passphrase is not the right one or the file was altered. */
export async function decryptKey(file: KeyFile, passphrase: string, path: string): Promise<SigningKey> {
  const bytes = (text: string) => Buffer.from(text, 'base64');
  const key = await derive(passphrase, bytes(file.scrypt.salt), file.scrypt.n);
  let secret: Buffer;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes(file.cipher.iv), { authTagLength: 16 });
    decipher.setAAD(authenticated(file.keyid, file.public));
    decipher.setAuthTag(bytes(file.cipher.tag));
    secret = Buffer.concat([decipher.update(bytes(file.cipher.text)), decipher.final()]);
  } catch {
    throw new PublishError('key', `The passphrase does not open ${path}.`);
  }
  return signingKey(createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' }));
}

function signingKey(privateKey: KeyObject): SigningKey {
  // The last 32 bytes of an ed25519 key's SPKI form are the key itself (RFC 8410).
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex');
  return { keyid: keyidOf(publicKey), publicKey, privateKey };
}

function authenticated(keyid: string, publicKey: string): Buffer {
  return Buffer.from(`portcullis-key-1\0${keyid}\0${publicKey}`);
}

function derive(passphrase: string, salt: Uint8Array, n: number): Promise<Buffer> {
  const options: ScryptOptions = { N: n, r: 8, p: 1, maxmem: 128 * 8 * n + 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, 32, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
