/** Text that can stand in a string of an expression, taken from bytes. */
import { type Bytes, fromBytes } from '../../src/secl/index.js';
import type { Random } from './random.js';

/** Whether bytes can be written between quotes: valid UTF-8 without quote, backslash, star and NUL. */
export function asLiteral(bytes: Bytes): string | undefined {
  const text = fromBytes(bytes);
  return typeof text === 'string' && !/["\\*\0]/.test(text) ? text : undefined;
}

/** A part of the bytes, as text; of long ones mostly from the end, where what is worth finding stands. */
export function partOf(random: Random, bytes: Bytes, most = 12): string {
  for (let attempt = 0; attempt < 4; attempt++) {
    const first =
      bytes.length > 200 && random.chance(0.8) ? bytes.length - random.below(40) : random.below(bytes.length + 1);
    const part = asLiteral(bytes.slice(first, first + random.between(1, most)));
    if (part !== undefined && part !== '') return part;
  }
  return random.pick(['a', 'ab', 'b', '=', 'xmrig', 'é']);
}

/** Sometimes something else, which does not occur. */
export function perhapsWrong(random: Random, text: string): string {
  if (!random.chance(0.12) || text === '') return text;
  const characters = [...text];
  characters[random.below(characters.length)] = random.pick(['b', 'c', '-', 'é']);
  return characters.join('');
}

/** Characters to cut between: a literal need not be cut inside a rune. */
export function runes(bytes: Bytes): string[] {
  return [...(asLiteral(bytes) ?? asLiteral(bytes.replace(/[^\x20-\x7e]|["\\*]/g, '')) ?? '')];
}
