/**
 * A byte string: every UTF-16 unit is one byte, 0 to 255. File names and arguments are bytes in the kernel, so all
 * string values in all engines are byte strings; only the borders (JSON, logs) turn them into text.
 */
export type Bytes = string;

/** The UTF-8 encoding of a text. A lone surrogate becomes U+FFFD, as everywhere in Node. */
export function toBytes(text: string): Bytes {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** What a byte string looks like in JSON: the text when it is valid UTF-8, otherwise its bytes in base64. */
export function fromBytes(bytes: Bytes): string | { $base64: string } {
  if (isAscii(bytes)) return bytes;
  const buffer = Buffer.from(bytes, 'latin1');
  try {
    return strictDecoder.decode(buffer);
  } catch {
    return { $base64: buffer.toString('base64') };
  }
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Most names and arguments are, and their bytes are their text. */
function isAscii(bytes: Bytes): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes.charCodeAt(at) > 0x7f) return false;
  return true;
}

/** The bytes as text for a person to read: what is not UTF-8 becomes U+FFFD. Never use it to compare. */
export function showBytes(bytes: Bytes): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
